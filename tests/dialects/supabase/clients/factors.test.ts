import { describe, expect, it } from 'vitest'
import { appCodeAt, stepAt } from '../../../support/app-code.ts'
import { type PersonMade, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal, type Tab } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

/** Shows the codes of an app, each step once; those of now and of the next step are good. */
function anApp(secret: string) {
  let step = stepAt(Date.now())
  return () => appCodeAt(secret, step++)
}

const aWrongCode = async (secret: string) => {
  const now = stepAt(Date.now())
  const right = [-2, -1, 0, 1, 2].map((steps) => appCodeAt(secret, now + steps))
  return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !right.includes(code))!
}

/** Enrols an app and verifies it, by which the session reaches aal2. */
async function withApp(tab: Tab) {
  const enrolled = given(await tab.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }))
  const code = anApp(enrolled.totp.secret)
  const verified = given(await tab.auth.mfa.challengeAndVerify({ factorId: enrolled.id, code: code() }))
  return { id: enrolled.id, secret: enrolled.totp.secret, code, verified }
}

const levelsOf = async ({ auth }: Tab) => {
  const { currentLevel, nextLevel } = given(await auth.mfa.getAuthenticatorAssuranceLevel())
  return [currentLevel, nextLevel]
}

/** Somebody with an app, signed in again with the password alone. */
async function backWithPassword(person: PersonMade) {
  const tab = stage.tab()
  given(await tab.auth.signInWithPassword(person))
  return tab
}

describe('mfa.enroll', () => {
  it('answers what an app is set up with, and asks for nothing before it is verified', async () => {
    const tab = await stage.signedIn()
    const { id, type, friendly_name, totp } = given(
      await tab.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone', issuer: 'My Shop' }),
    )
    expect([type, friendly_name]).toEqual(['totp', 'phone'])
    expect(totp.qr_code).toMatch(/^data:image\/svg\+xml;utf-8,<svg/)
    expect(totp.secret).toMatch(/^[A-Z2-7]{16,}$/)
    const uri = new URL(totp.uri)
    expect([uri.protocol, uri.searchParams.get('secret'), uri.searchParams.get('issuer')]).toEqual([
      'otpauth:',
      totp.secret,
      'My Shop',
    ])
    const { all, totp: verified } = given(await tab.auth.mfa.listFactors())
    expect(all).toMatchObject([{ id, status: 'unverified', factor_type: 'totp', friendly_name: 'phone' }])
    expect([verified, JSON.stringify(all).includes(totp.secret)]).toEqual([[], false])
    expect(await levelsOf(tab)).toEqual(['aal1', 'aal1'])
  })

  it('refuses a name that another has', async () => {
    const { auth } = await stage.signedIn()
    given(await auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }))
    expect(refusal(await auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }))).toEqual([
      'AuthApiError',
      422,
      'mfa_factor_name_conflict',
    ])
  })

  it.each([
    [{ factorType: 'phone', phone: '+33123456789' }, 'mfa_phone_enroll_not_enabled'],
    [{ factorType: 'webauthn', friendlyName: 'key' }, 'mfa_webauthn_enroll_not_enabled'],
  ] as const)('refuses what there is not: %o', async (wish, code) => {
    const { auth } = await stage.signedIn()
    const answer = wish.factorType === 'phone' ? await auth.mfa.enroll(wish) : await auth.mfa.enroll(wish)
    expect(refusal(answer)).toEqual(['AuthApiError', 422, code])
  })

  it('refuses somebody anonymous', async () => {
    const { auth } = stage.tab()
    given(await auth.signInAnonymously())
    expect(refusal(await auth.mfa.enroll({ factorType: 'totp' }))?.slice(1)).toEqual([
      403,
      'no_authorization',
    ])
  })
})

describe('mfa.challenge and mfa.verify', () => {
  it('raise the session to aal2 with new tokens, and the old ones cannot', async () => {
    const tab = await stage.signedIn()
    const before = await tab.session()
    const { id, totp } = given(await tab.auth.mfa.enroll({ factorType: 'totp' }))
    const challenge = given(await tab.auth.mfa.challenge({ factorId: id }))
    expect(challenge).toMatchObject({ type: 'totp', id: expect.any(String), expires_at: expect.any(Number) })
    const answer = { factorId: id, challengeId: challenge.id, code: anApp(totp.secret)() }
    const verified = given(await tab.auth.mfa.verify(answer))
    expect(verified).toMatchObject({ token_type: 'bearer', user: { id: tab.user.id } })
    expect(tab.events).toContain('MFA_CHALLENGE_VERIFIED')
    const { claims } = (await tab.auth.getClaims()).data!
    expect(claims.aal).toBe('aal2')
    expect(claims.amr?.map((one) => (typeof one === 'string' ? one : one.method))).toEqual([
      'totp',
      'password',
    ])
    expect(await levelsOf(tab)).toEqual(['aal2', 'aal2'])
    expect(verified.user.factors).toMatchObject([{ id, status: 'verified' }])
    expect((await tab.session()).refresh_token).not.toBe(before.refresh_token)
    const late = await stage.tab().auth.refreshSession({ refresh_token: before.refresh_token })
    expect(late.data.session).toBeNull()
  })

  it('keep the level through a refresh', async () => {
    const tab = await stage.signedIn()
    await withApp(tab)
    given(await tab.auth.refreshSession())
    expect((await tab.auth.getClaims()).data!.claims.aal).toBe('aal2')
  })

  it('are what a later sign-in has before it', async () => {
    const person = await stage.signedIn()
    const { id, code } = await withApp(person)
    const tab = await backWithPassword(person)
    expect(await levelsOf(tab)).toEqual(['aal1', 'aal2'])
    expect((await tab.auth.getClaims()).data!.claims.aal).toBe('aal1')
    given(await tab.auth.mfa.challengeAndVerify({ factorId: id, code: code() }))
    expect(await levelsOf(tab)).toEqual(['aal2', 'aal2'])
  })

  it('end the other sessions that have one factor alone', async () => {
    const person = await stage.signedIn()
    const other = await backWithPassword(person)
    await withApp(person)
    expect(refusal(await other.auth.getUser())?.[0]).toBe('AuthSessionMissingError')
    given(await person.auth.getUser())
  })

  it('refuse a wrong code, and the same code twice', async () => {
    const person = await stage.signedIn()
    const { id, totp } = given(await person.auth.mfa.enroll({ factorType: 'totp' }))
    const wrong = await aWrongCode(totp.secret)
    const refused = ['AuthApiError', 422, 'mfa_verification_failed']
    expect(refusal(await person.auth.mfa.challengeAndVerify({ factorId: id, code: wrong }))).toEqual(refused)
    const code = anApp(totp.secret)()
    given(await person.auth.mfa.challengeAndVerify({ factorId: id, code }))
    const tab = await backWithPassword(person)
    expect(refusal(await tab.auth.mfa.challengeAndVerify({ factorId: id, code }))).toEqual(refused)
  })

  it('refuse a challenge that there is not, and a factor of somebody else', async () => {
    const person = await stage.signedIn()
    const { id, code } = await withApp(person)
    const unknown = { factorId: id, challengeId: crypto.randomUUID(), code: code() }
    expect(refusal(await person.auth.mfa.verify(unknown))?.slice(1)).toEqual([422, 'mfa_factor_not_found'])
    const other = await stage.signedIn()
    expect(refusal(await other.auth.mfa.challenge({ factorId: id }))?.slice(1)).toEqual([
      404,
      'mfa_factor_not_found',
    ])
    expect(refusal(await other.auth.mfa.challenge({ factorId: 'no-uuid' }))?.slice(1)).toEqual([
      404,
      'validation_failed',
    ])
  })
})

describe('somebody with a factor who has shown the password alone', () => {
  it('changes neither password nor address, enrols nothing and removes nothing', async () => {
    const person = await stage.signedIn()
    const { id, code } = await withApp(person)
    const { auth } = await backWithPassword(person)
    expect(refusal(await auth.updateUser({ password: 'another lovely horse' }))?.slice(1)).toEqual([
      401,
      'insufficient_aal',
    ])
    expect(refusal(await auth.updateUser({ email: 'ada@people.test' }))?.[2]).toBe('insufficient_aal')
    expect(refusal(await auth.mfa.enroll({ factorType: 'totp', friendlyName: 'other' }))?.slice(1)).toEqual([
      403,
      'insufficient_aal',
    ])
    expect(refusal(await auth.mfa.unenroll({ factorId: id }))?.slice(1)).toEqual([422, 'insufficient_aal'])
    given(await auth.mfa.challengeAndVerify({ factorId: id, code: code() }))
    given(await auth.updateUser({ password: 'another lovely horse' }))
  })
})

describe('mfa.unenroll', () => {
  it('takes the factor away', async () => {
    const tab = await stage.signedIn()
    const { id } = await withApp(tab)
    expect(given(await tab.auth.mfa.unenroll({ factorId: id }))).toEqual({ id })
    expect(given(await tab.auth.mfa.listFactors()).all).toEqual([])
    given(await tab.auth.refreshSession())
    expect(await levelsOf(tab)).toEqual(['aal1', 'aal1'])
    expect(refusal(await tab.auth.mfa.unenroll({ factorId: id }))?.slice(1)).toEqual([
      404,
      'mfa_factor_not_found',
    ])
  })

  it('takes one away that was never verified', async () => {
    const { auth } = await stage.signedIn()
    const { id } = given(await auth.mfa.enroll({ factorType: 'totp' }))
    expect(given(await auth.mfa.unenroll({ factorId: id }))).toEqual({ id })
  })
})

describe('mfa.getAuthenticatorAssuranceLevel', () => {
  it('tells of a token that is handed to it', async () => {
    const tab = await stage.signedIn()
    await withApp(tab)
    const { access_token: token } = await tab.session()
    const { currentLevel, nextLevel } = given(
      await stage.tab().auth.mfa.getAuthenticatorAssuranceLevel(token),
    )
    expect([currentLevel, nextLevel]).toEqual(['aal2', 'aal2'])
  })

  it('without a session knows none', async () => {
    expect(await levelsOf(stage.tab())).toEqual([null, null])
  })
})

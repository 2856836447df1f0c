import { describe, expect, it } from 'vitest'
import { followed } from '../../../support/supabase-mails.ts'
import { aPassword, aStranger, siteUrl, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

/** Signs somebody up who has yet to confirm. */
async function unconfirmed() {
  const tab = stage.tab()
  const email = aStranger()
  const { user } = given(await tab.auth.signUp({ email, password: aPassword }))
  return { tab, email, user: user! }
}

describe('signUp', () => {
  it('answers a user without a session, who cannot sign in before the address is confirmed', async () => {
    const tab = stage.tab()
    const email = aStranger()
    const options = { data: { first_name: 'Ada' }, emailRedirectTo: `${siteUrl}/welcome` }
    const { user, session } = given(await tab.auth.signUp({ email, password: aPassword, options }))
    expect(session).toBeNull()
    expect(user).toMatchObject({
      aud: 'authenticated',
      role: 'authenticated',
      email,
      phone: '',
      app_metadata: { provider: 'email', providers: ['email'] },
      user_metadata: { first_name: 'Ada' },
      is_anonymous: false,
    })
    expect(user!.identities).toHaveLength(1)
    expect([user!.email_confirmed_at, typeof user!.confirmation_sent_at]).toEqual([undefined, 'string'])
    expect(refusal(await tab.auth.signInWithPassword({ email, password: aPassword }))).toEqual([
      'AuthApiError',
      400,
      'email_not_confirmed',
    ])
    // Whoever does not know the password learns nothing of it.
    expect(refusal(await tab.auth.signInWithPassword({ email, password: 'not the one' }))).toEqual([
      'AuthApiError',
      400,
      'invalid_credentials',
    ])
  })

  it('is confirmed by the mailed link, which brings the session to the page that asked', async () => {
    const tab = stage.tab()
    const email = aStranger()
    const options = { emailRedirectTo: `${siteUrl}/welcome` }
    given(await tab.auth.signUp({ email, password: aPassword, options }))
    const { link } = await stage.mailed(email, 'signup')
    expect(`${link!.origin}${link!.pathname}`).toBe(`${stage.faceUrl()}/verify`)
    const { status, to, fragment } = await followed(link!)
    expect([status, to.origin, to.pathname]).toEqual([303, siteUrl, '/welcome'])
    expect(Object.fromEntries(fragment)).toMatchObject({
      token_type: 'bearer',
      type: 'signup',
      // Of the hour that it lives what is left.
      expires_in: expect.stringMatching(/^(3600|35\d\d)$/),
    })
    const tokens = {
      access_token: fragment.get('access_token')!,
      refresh_token: fragment.get('refresh_token')!,
    }
    const { user } = given(await tab.auth.setSession(tokens))
    expect(user).toMatchObject({ email, user_metadata: { email_verified: true } })
    expect(Date.parse(user!.email_confirmed_at!)).not.toBeNaN()
    expect(user!.confirmed_at).toBe(user!.email_confirmed_at)
    given(await tab.auth.signInWithPassword({ email, password: aPassword }))
    // Once and no more, and it says so where the application reads it.
    const again = await followed(link!)
    expect([again.status, again.fragment.get('error'), again.fragment.get('error_code')]).toEqual([
      303,
      'access_denied',
      'otp_expired',
    ])
  })

  it('leads to no place that the operator has not named', async () => {
    const email = aStranger()
    const options = { emailRedirectTo: 'https://evil.test/take' }
    given(await stage.tab().auth.signUp({ email, password: aPassword, options }))
    const { link } = await stage.mailed(email, 'signup')
    link!.searchParams.set('redirect_to', 'https://app.test.evil.test/take')
    const { to, fragment } = await followed(link!)
    expect(to.origin).toBe(siteUrl)
    expect(fragment.get('access_token')).not.toBeNull()
  })

  it('of a known address answers as of a new one, and gives nothing away', async () => {
    const { email } = await stage.person()
    const tab = stage.tab()
    const known = given(await tab.auth.signUp({ email, password: 'another lovely horse' }))
    const fresh = given(await tab.auth.signUp({ email: aStranger(), password: aPassword }))
    expect(known.session).toBeNull()
    expect(known.user?.identities).toEqual([])
    const shape = (user: object) => Object.keys(user).sort()
    expect(shape(known.user!)).toEqual(shape(fresh.user!))
    expect(refusal(await tab.auth.signInWithPassword({ email, password: 'another lovely horse' }))?.[2]).toBe(
      'invalid_credentials',
    )
  })

  it('of an unconfirmed address sets no new password, and mails only once a minute', async () => {
    const { tab, email } = await unconfirmed()
    await stage.mailed(email, 'signup')
    const again = await tab.auth.signUp({ email, password: 'another lovely horse' })
    expect(refusal(again)).toEqual(['AuthApiError', 429, 'over_email_send_rate_limit'])
    expect(refusal(await tab.auth.signInWithPassword({ email, password: aPassword }))?.[2]).toBe(
      'email_not_confirmed',
    )
  })

  it.each([
    ['a short password', { email: 'a@people.test', password: 'short' }, 422, ['length']],
    ['a password that everybody has', { email: 'a@people.test', password: 'password123' }, 422, ['pwned']],
  ])('refuses %s as a weak one, with its reasons', async (_what, wish, status, reasons) => {
    const { error } = await stage.tab().auth.signUp(wish)
    expect(error).toMatchObject({ name: 'AuthWeakPasswordError', status, code: 'weak_password', reasons })
  })

  it.each([
    ['no address', { email: 'nobody', password: aPassword }],
    ['no password', { email: 'a@people.test', password: '' }],
    ['a password of 73 bytes', { email: 'a@people.test', password: `${'é'.repeat(36)}!` }],
  ])('refuses %s', async (_what, wish) => {
    expect(refusal(await stage.tab().auth.signUp(wish))).toEqual(['AuthApiError', 400, 'validation_failed'])
  })
})

describe('verifyOtp', () => {
  it.each(['signup', 'email'] as const)('confirms by the mailed code as %s', async (type) => {
    const { tab, email, user } = await unconfirmed()
    const { code } = await stage.mailed(email, 'signup')
    const confirmed = given(await tab.auth.verifyOtp({ email, token: code, type }))
    expect(confirmed.user?.id).toBe(user.id)
    expect((await tab.session()).user.id).toBe(user.id)
    expect(tab.events).toContain('SIGNED_IN')
    expect(refusal(await stage.tab().auth.verifyOtp({ email, token: code, type }))).toEqual([
      'AuthApiError',
      403,
      'otp_expired',
    ])
  })

  it.each(['signup', 'email'] as const)('confirms by the token hash of the link as %s', async (type) => {
    const { tab, email, user } = await unconfirmed()
    const { tokenHash } = await stage.mailed(email, 'signup')
    const confirmed = given(await tab.auth.verifyOtp({ token_hash: tokenHash, type }))
    expect(confirmed.session?.user.id).toBe(user.id)
  })

  it('takes five wrong codes and then no right one', async () => {
    const { tab, email } = await unconfirmed()
    const { code } = await stage.mailed(email, 'signup')
    const wrong = code === '000000' ? '000001' : '000000'
    for (let tries = 0; tries < 5; tries++) {
      const answer = await tab.auth.verifyOtp({ email, token: wrong, type: 'signup' })
      expect(refusal(answer)).toEqual(['AuthApiError', 403, 'otp_expired'])
    }
    expect(refusal(await tab.auth.verifyOtp({ email, token: code, type: 'signup' }))?.[2]).toBe('otp_expired')
  })

  it('takes the code of one address for no other', async () => {
    const first = await unconfirmed()
    const second = await unconfirmed()
    const { code } = await stage.mailed(first.email, 'signup')
    const { code: other } = await stage.mailed(second.email, 'signup')
    if (code === other) return
    const answer = await second.tab.auth.verifyOtp({ email: second.email, token: code, type: 'signup' })
    expect(refusal(answer)?.[2]).toBe('otp_expired')
  })
})

describe('resend', () => {
  it('within a minute is refused for somebody who waits for a mail', async () => {
    const { tab, email } = await unconfirmed()
    expect(refusal(await tab.auth.resend({ type: 'signup', email }))).toEqual([
      'AuthApiError',
      429,
      'over_email_send_rate_limit',
    ])
  })

  it('says nothing about who is known', async () => {
    const { email } = await stage.person()
    const tab = stage.tab()
    expect(refusal(await tab.auth.resend({ type: 'signup', email: aStranger() }))).toBeUndefined()
    expect(refusal(await tab.auth.resend({ type: 'signup', email }))).toBeUndefined()
  })
})

describe('signInAnonymously', () => {
  it('opens a session of somebody without an address', async () => {
    const tab = stage.tab()
    const { user, session } = given(
      await tab.auth.signInAnonymously({ options: { data: { theme: 'dark' } } }),
    )
    expect(user).toMatchObject({
      email: '',
      phone: '',
      app_metadata: {},
      user_metadata: { theme: 'dark' },
      identities: [],
      is_anonymous: true,
    })
    expect(session?.refresh_token).toBeTypeOf('string')
    const { claims } = (await tab.auth.getClaims()).data!
    expect(claims).toMatchObject({
      sub: user!.id,
      is_anonymous: true,
      aal: 'aal1',
      role: 'authenticated',
      amr: [{ method: 'anonymous' }],
    })
    given(await tab.auth.refreshSession())
  })

  it('becomes somebody with an address, and stays the same user', async () => {
    const tab = stage.tab()
    const email = aStranger()
    const { user } = given(await tab.auth.signInAnonymously())
    expect(refusal(await tab.auth.updateUser({ password: aPassword }))?.slice(1)).toEqual([
      422,
      'validation_failed',
    ])
    given(await tab.auth.updateUser({ email }))
    const { tokenHash } = await stage.mailed(email, 'email_change')
    given(await tab.auth.verifyOtp({ token_hash: tokenHash, type: 'email_change' }))
    given(await tab.auth.updateUser({ password: aPassword }))
    const back = given(await stage.tab().auth.signInWithPassword({ email, password: aPassword }))
    expect(back.user).toMatchObject({ id: user!.id, email, is_anonymous: false })
  })
})

import { decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal, type Tab } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

const gone = ['AuthSessionMissingError', 400, undefined]

describe('signInWithPassword', () => {
  it('answers a session and its user, and tells listeners', async () => {
    const { email, password, user } = await stage.person()
    const tab = stage.tab()
    await tab.auth.initialize()
    const answer = given(await tab.auth.signInWithPassword({ email: email.toUpperCase(), password }))
    expect(answer.session.token_type).toBe('bearer')
    expect(Math.abs(answer.session.expires_in - 3600)).toBeLessThan(60)
    const lifetime = answer.session.expires_at! - Date.now() / 1000
    expect(Math.abs(lifetime - 3600)).toBeLessThan(60)
    expect(answer.user).toMatchObject({ id: user.id, email })
    expect(Date.parse(answer.user.last_sign_in_at!)).not.toBeNaN()
    await expect.poll(() => tab.events).toEqual(['INITIAL_SESSION', 'SIGNED_IN'])
  })

  it('refuses a wrong password and an unknown address alike', async () => {
    const { email } = await stage.person()
    const tab = stage.tab()
    const wrong = await tab.auth.signInWithPassword({ email, password: 'not the one' })
    const unknown = await tab.auth.signInWithPassword({ email: 'no@people.test', password: 'not the one' })
    expect(refusal(wrong)).toEqual(['AuthApiError', 400, 'invalid_credentials'])
    expect(wrong.error?.message).toBe('Invalid login credentials')
    expect(JSON.stringify(unknown)).toBe(JSON.stringify(wrong))
  })

  it('refuses somebody who is banned', async () => {
    const { user, email, password } = await stage.person()
    given(await stage.admin().updateUserById(user.id, { ban_duration: '1h' }))
    const answer = await stage.tab().auth.signInWithPassword({ email, password })
    expect(refusal(answer)).toEqual(['AuthApiError', 400, 'user_banned'])
    given(await stage.admin().updateUserById(user.id, { ban_duration: 'none' }))
    given(await stage.tab().auth.signInWithPassword({ email, password }))
  })
})

describe('getUser', () => {
  it('answers the user of the session, and of a token that is handed to it', async () => {
    const { auth, user, session } = await stage.signedIn()
    expect(given(await auth.getUser()).user).toMatchObject({ id: user.id, aud: 'authenticated' })
    const { access_token: token } = await session()
    expect(given(await stage.tab().auth.getUser(token)).user.id).toBe(user.id)
  })

  it('without a session asks nobody', async () => {
    const tab = stage.tab()
    expect(refusal(await tab.auth.getUser())).toEqual(gone)
    expect(tab.calls).toEqual([])
  })

  it('of a token that is none is refused', async () => {
    expect(refusal(await stage.tab().auth.getUser('a.b.c'))).toEqual(['AuthApiError', 403, 'bad_jwt'])
  })

  it('with the public key alone is refused', async () => {
    const answer = await stage.tab().auth.getUser(stage.publicKey())
    expect(answer.error?.status).toBe(403)
  })

  it('forgets a session that was ended elsewhere', async () => {
    const tab = await stage.signedIn()
    const other = stage.tab()
    given(await other.auth.signInWithPassword(tab))
    expect(refusal(await other.auth.signOut({ scope: 'global' }))).toBeUndefined()
    expect(refusal(await tab.auth.getUser())).toEqual(gone)
    expect((await tab.auth.getSession()).data.session).toBeNull()
    expect(tab.events).toContain('SIGNED_OUT')
  })
})

describe('getClaims', () => {
  it('verifies the token where it is, by the published keys, and asks nobody for the user', async () => {
    const tab = await stage.signedIn()
    const before = tab.calls.length
    const { claims, header } = (await tab.auth.getClaims()).data!
    expect(header).toMatchObject({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) })
    expect(claims).toMatchObject({
      iss: stage.faceUrl(),
      sub: tab.user.id,
      aud: 'authenticated',
      role: 'authenticated',
      email: tab.email,
      phone: '',
      aal: 'aal1',
      is_anonymous: false,
      app_metadata: { provider: 'email', providers: ['email'] },
      amr: [{ method: 'password', timestamp: expect.any(Number) }],
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(claims.exp - claims.iat).toBe(3600)
    expect(tab.calls.slice(before).filter((call) => call !== 'GET /.well-known/jwks.json')).toEqual([])
  })

  it('finds the key of every token in what is published, with its use and its lifetime', async () => {
    const { session } = await stage.signedIn()
    const { kid } = decodeProtectedHeader((await session()).access_token)
    const { body, headers } = await stage.call('GET', '/.well-known/jwks.json')
    const key = body.keys.find((one: { kid: string }) => one.kid === kid)
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', key_ops: ['verify'] })
    expect(key.d).toBeUndefined()
    expect(headers.get('cache-control')).toMatch(/max-age=\d+/)
  })

  it('takes no token that somebody has changed', async () => {
    const tab = await stage.signedIn()
    const [header, payload, signature] = (await tab.session()).access_token.split('.')
    const claims = JSON.parse(Buffer.from(payload!, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, role: 'service_role' })).toString('base64url')
    const answer = await tab.auth.getClaims(`${header}.${forged}.${signature}`)
    expect(answer.error).toMatchObject({ name: 'AuthInvalidJwtError', code: 'invalid_jwt' })
  })
})

describe('refreshSession', () => {
  it('gives new tokens of the same session, and tells listeners', async () => {
    const tab = await stage.signedIn()
    const before = await tab.session()
    const { session } = given(await tab.auth.refreshSession())
    expect(session!.refresh_token).not.toBe(before.refresh_token)
    expect(session!.user.id).toBe(tab.user.id)
    const sessionOf = async (token: string) => (await tab.auth.getClaims(token)).data!.claims.session_id
    expect(await sessionOf(session!.access_token)).toBe(await sessionOf(before.access_token))
    expect(tab.events).toContain('TOKEN_REFRESHED')
    given(await tab.auth.getUser())
  })

  it('says what has changed of the user meanwhile', async () => {
    const tab = await stage.signedIn()
    given(await stage.admin().updateUserById(tab.user.id, { app_metadata: { plan: 'gold' } }))
    given(await tab.auth.refreshSession())
    const { claims } = (await tab.auth.getClaims()).data!
    expect(claims.app_metadata).toMatchObject({ provider: 'email', plan: 'gold' })
  })

  it.each([
    ['unknown', 'gor_madeupmadeupmadeupmadeupmadeup'],
    ['malformed', 'x'],
  ])('refuses a token that is %s', async (_what, refresh_token) => {
    const answer = await stage.tab().auth.refreshSession({ refresh_token })
    expect(refusal(answer)).toEqual(['AuthApiError', 400, 'refresh_token_not_found'])
  })

  it('without a session says that there is none', async () => {
    expect(refusal(await stage.tab().auth.refreshSession())).toEqual(gone)
  })
})

describe('setSession', () => {
  it('takes over the tokens of another place', async () => {
    const tab = await stage.signedIn()
    const { access_token, refresh_token } = await tab.session()
    const other = stage.tab()
    const { user } = given(await other.auth.setSession({ access_token, refresh_token }))
    expect(user?.id).toBe(tab.user.id)
    expect((await other.session()).refresh_token).toBe(refresh_token)
    expect(other.events).toContain('SIGNED_IN')
  })
})

describe('signOut', () => {
  /** The same person in three places. */
  async function threePlaces() {
    const first = await stage.signedIn()
    const others = [stage.tab(), stage.tab()] as const
    for (const other of others) given(await other.auth.signInWithPassword(first))
    return [first, ...others] as const
  }
  const lives = async (tabs: readonly Tab[]) =>
    Promise.all(tabs.map(async ({ auth }) => (await auth.getUser()).error === null))

  it.each([
    ['local', [false, true, true]],
    ['others', [true, false, false]],
    ['global', [false, false, false]],
  ] as const)('with the scope %s ends just what it says', async (scope, left) => {
    const tabs = await threePlaces()
    const refreshTokens = await Promise.all(tabs.map(async (tab) => (await tab.session()).refresh_token))
    expect(refusal(await tabs[0].auth.signOut({ scope }))).toBeUndefined()
    expect(await lives(tabs)).toEqual(left)
    // And no tokens are to be had by those that have ended.
    const refreshed = await Promise.all(
      refreshTokens.map((refresh_token) => stage.tab().auth.refreshSession({ refresh_token })),
    )
    expect(refreshed.map(({ error }) => error === null)).toEqual(left)
  })

  it('takes a session that has ended already for signed out', async () => {
    const [first, second] = await threePlaces()
    given({ data: null, ...(await first.auth.signOut()) })
    expect(refusal(await second.auth.signOut())).toBeUndefined()
    expect((await second.auth.getSession()).data.session).toBeNull()
  })

  it('refuses a scope that there is not', async () => {
    const { session } = await stage.signedIn()
    const { access_token: token } = await session()
    const { status, body } = await stage.call('POST', '/logout?scope=everything', { token })
    expect([status, body.error_code]).toEqual([400, 'validation_failed'])
  })
})

import { createRemoteJWKSet, customFetch, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPassword, signedIn, withRole } from '../../support/people.ts'
import { withApp } from '../../support/second-factor.ts'
import { aSupabaseUser, claimsIn, headerIn, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

const grant = (json: unknown, query = '?grant_type=password') =>
  supabaseCall(gateway, 'POST', `/token${query}`, { json })

describe('the password grant', () => {
  it('answers a session that clients take', async () => {
    const ada = await aSupabaseUser(gateway)
    const { status, body, headers } = await grant({ email: ada.email, password: ada.password })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      expires_at: expect.any(Number),
      refresh_token: expect.stringMatching(/^grt_/),
      user: { id: ada.id, email: ada.email, aud: 'authenticated', role: 'authenticated' },
    })
    expect(body.expires_at).toBe(claimsIn(body.access_token).exp)
    expect(headers.get('sb-auth-session-id')).toBe(claimsIn(body.access_token).session_id)
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('takes an address in another spelling, and the grant type in the body or in a form', async () => {
    const { email, password } = await aSupabaseUser(gateway)
    expect((await grant({ email: email.toUpperCase(), password })).status).toBe(200)
    expect((await grant({ grant_type: 'password', email, password }, '')).status).toBe(200)
    const form = { grant_type: 'password', email, password }
    expect((await supabaseCall(gateway, 'POST', '/token', { form })).status).toBe(200)
    // What the query says counts.
    const both = await grant({ grant_type: 'password', email, password }, '?grant_type=refresh_token')
    expect([both.status, both.body.code]).toEqual([400, 'validation_failed'])
  })

  it('passes over what it does not know, and over nulls', async () => {
    const { email, password } = await aSupabaseUser(gateway)
    const extra = { phone: null, gotrue_meta_security: { captcha_token: 'x' }, options: null }
    expect((await grant({ email, password, ...extra })).status).toBe(200)
  })

  it('says the same of a wrong password, an unknown address and what is none', async () => {
    const { email } = await aSupabaseUser(gateway)
    const tries = [
      { email, password: 'not the right one' },
      { email: 'nobody@example.com', password: aPassword },
      { email: 'no address\u0000', password: aPassword },
      { email },
    ]
    for (const json of tries) {
      const { status, body } = await grant(json)
      expect([status, body]).toEqual([
        400,
        { code: 'invalid_credentials', message: 'Invalid login credentials' },
      ])
    }
  })

  it.each([
    [{}, 'validation_failed', 'missing email or phone'],
    [{ email: 'a@example.com', phone: '123' }, 'validation_failed', 'Only an email address or phone number'],
    [{ email: 7, password: 'x' }, 'validation_failed', 'email: '],
  ])('refuses %j', async (json, code, message) => {
    const { status, body } = await grant(json)
    expect([status, body.code]).toEqual([400, code])
    expect(body.message).toContain(message)
  })

  it('has no grant that it does not know, whatever it is called', async () => {
    for (const name of ['', 'client_credentials', 'constructor', '__proto__']) {
      const { status, body } = await grant({}, `?grant_type=${name}`)
      expect([status, body.code, body.message]).toEqual([
        400,
        'invalid_credentials',
        'unsupported_grant_type',
      ])
    }
  })

  it('signs nobody in by telephone where codes cannot be sent', async () => {
    const { status, body } = await grant({ phone: '+33123456789', password: aPassword })
    expect([status, body.code]).toEqual([422, 'phone_provider_disabled'])
  })

  it('tells who has shown the password that the address is to be confirmed', async () => {
    const ada = await aSupabaseUser(gateway, { emailConfirmedAt: undefined })
    const { status, body } = await grant({ email: ada.email, password: ada.password })
    expect([status, body.code]).toEqual([400, 'email_not_confirmed'])
    const wrong = await grant({ email: ada.email, password: 'not the right one' })
    expect(wrong.body.code).toBe('invalid_credentials')
  })

  it('signs in by telephone and password where codes can be sent', async () => {
    const texting = await createTestGateway({ policy: { supabase: { ...testPolicy.supabase, sms: true } } })
    try {
      const number = { email: undefined, signInPhone: '33123456789', emailConfirmedAt: undefined }
      await aSupabaseUser(texting, { ...number, phoneConfirmedAt: texting.world.now() })
      const signed = await supabaseCall(texting, 'POST', '/token?grant_type=password', {
        json: { phone: '+33 1 23 45 67 89', password: aPassword },
      })
      expect([signed.status, signed.body.user.email, signed.body.user.phone]).toEqual([
        200,
        '',
        '33123456789',
      ])
      expect(signed.body.user.app_metadata).toEqual({ provider: 'phone', providers: ['phone'] })
      expect(claimsIn(signed.body.access_token)).toMatchObject({ email: '', phone: '33123456789' })
    } finally {
      await texting.close()
    }
  })
})

describe('a ban', () => {
  const banned = async (until: string) => {
    const ada = await aSupabaseUser(gateway)
    const session = await supabaseSession(gateway, ada)
    await gateway.database.query(
      `update users set banned_until = '${until}', version = version + 1 where id_user = '${ada.id}'`,
    )
    gateway.memory.people.forget(ada.id)
    return { ada, session }
  }

  it('stops sign-in, refresh and live tokens, at this face and at the native one', async () => {
    const { ada, session } = await banned('2126-01-01T00:00:00Z')
    const tried = await grant({ email: ada.email, password: ada.password })
    expect([tried.status, tried.body.code]).toEqual([400, 'user_banned'])
    const json = { refresh_token: session.refresh_token }
    const refreshed = await supabaseCall(gateway, 'POST', '/token?grant_type=refresh_token', { json })
    expect([refreshed.status, refreshed.body.code]).toEqual([400, 'user_banned'])
    const asked = await supabaseCall(gateway, 'GET', '/user', { token: session.access_token })
    expect([asked.status, asked.body.code]).toEqual([403, 'user_banned'])
    const login = { identifier: ada.email, password: ada.password }
    const native = await gateway.call('POST', '/api/v1/auth/login', { json: login })
    expect([native.status, native.body.error.code]).toEqual([403, 'user_banned'])
  })

  it('ends by itself', async () => {
    const until = new Date(gateway.world.now().getTime() + 30_000).toISOString()
    const { session } = await banned(until)
    const asked = async () =>
      (await supabaseCall(gateway, 'GET', '/user', { token: session.access_token })).status
    expect(await asked()).toBe(403)
    gateway.pass(31)
    expect(await asked()).toBe(200)
  })
})

describe('the access token', () => {
  it('says what clients of Supabase read, and verifies by the keys of this face', async () => {
    const ada = await aSupabaseUser(gateway, {
      metadata: { team: 'engines' },
      appMetadata: { plan: 'pro' },
      claimRole: 'editor',
    })
    const { access_token: token } = await supabaseSession(gateway, ada)
    expect(headerIn(token)).toEqual({ alg: 'ES256', typ: 'JWT', kid: expect.any(String) })
    const url = new URL('https://gateway.test/auth/v1/.well-known/jwks.json')
    const keys = createRemoteJWKSet(url, { [customFetch]: (from) => gateway.answer(new Request(from)) })
    const { payload } = await jwtVerify(token, keys, {
      issuer: 'https://gateway.test/auth/v1',
      audience: 'authenticated',
      currentDate: gateway.world.now(),
    })
    const seconds = Math.floor(gateway.world.now().getTime() / 1000)
    expect(payload).toMatchObject({
      sub: ada.id,
      iat: seconds,
      exp: seconds + 3600,
      email: ada.email,
      phone: '',
      app_metadata: { provider: 'email', providers: ['email'], plan: 'pro' },
      user_metadata: { team: 'engines' },
      role: 'editor',
      aal: 'aal1',
      amr: [{ method: 'password', timestamp: seconds }],
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      is_anonymous: false,
    })
  })

  it('is as good as any wherever tokens are taken, within what its role permits', async () => {
    const ada = await aSupabaseUser(gateway)
    await withRole(gateway, ada, ['orders:read'])
    const { access_token: token } = await supabaseSession(gateway, ada)
    const me = await gateway.call('GET', '/api/v1/me', { token })
    expect([me.status, me.body.data.subject]).toEqual([200, ada.id])
    expect(me.body.data.permissions).toEqual(['orders:read'])
    expect((await gateway.call('GET', '/api/v1/users', { token })).status).toBe(403)
  })

  it('is none of ours while the face is off', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, ada)
    const off = await createTestGateway({
      database: gateway.database,
      policy: { supabase: { ...testPolicy.supabase, enabled: false } },
    })
    try {
      expect((await gateway.call('GET', '/api/v1/me', { token })).status).toBe(200)
      expect((await off.call('GET', '/api/v1/me', { token })).status).toBe(401)
    } finally {
      await off.close()
    }
  })

  it('keeps the kinds apart: neither type goes with the issuer of the other', async () => {
    const ada = await aSupabaseUser(gateway)
    const { access_token: token } = await supabaseSession(gateway, ada)
    const { access } = await signedIn(gateway, ada)
    const [header, payload, signature] = token.split('.')
    const [nativeHeader] = access.split('.')
    for (const forged of [
      [nativeHeader, payload, signature].join('.'),
      [header, access.split('.')[1], access.split('.')[2]].join('.'),
    ]) {
      const { status, body } = await supabaseCall(gateway, 'GET', '/user', { token: forged })
      expect([status, body.code]).toEqual([403, 'bad_jwt'])
    }
    expect((await supabaseCall(gateway, 'GET', '/user', { token: access })).status).toBe(200)
  })

  it('is signed with the secret of a former installation where the operator says so', async () => {
    const jwtSecret = 'a secret of more than thirty-two characters'
    const shared = { ...testPolicy.supabase, jwtSecret, jwtAlgorithm: 'HS256' } as const
    const legacy = await createTestGateway({ policy: { supabase: shared } })
    try {
      const ada = await aSupabaseUser(legacy)
      const { access_token: token } = await supabaseSession(legacy, ada)
      expect(headerIn(token)).toEqual({ alg: 'HS256', typ: 'JWT' })
      await jwtVerify(token, new TextEncoder().encode(jwtSecret), { currentDate: legacy.world.now() })
      // Another process of the same, which has not seen it being made.
      const beside = await createTestGateway({ policy: { supabase: shared }, database: legacy.database })
      expect((await supabaseCall(beside, 'GET', '/user', { token })).status).toBe(200)
      const forged = token.replace(/\.[^.]*$/, `.${'A'.repeat(43)}`)
      expect((await supabaseCall(beside, 'GET', '/user', { token: forged })).body.code).toBe('bad_jwt')
      await beside.close()
    } finally {
      await legacy.close()
    }
  })
})

describe('a person with a second factor', () => {
  it('is signed in at once, and permitted nothing before it is shown', async () => {
    const ada = await aSupabaseUser(gateway)
    await withRole(gateway, ada, ['orders:read'])
    await withApp(gateway, ada, (await signedIn(gateway, ada)).access)
    const session = await supabaseSession(gateway, ada)
    expect(claimsIn(session.access_token)).toMatchObject({ aal: 'aal1', scope: '' })
    expect(session.user.factors).toMatchObject([{ factor_type: 'totp', status: 'verified' }])
    const me = await gateway.call('GET', '/api/v1/me', { token: session.access_token })
    expect(me.body.data.permissions).toEqual([])
    const json = { current_password: ada.password, new_password: 'another good password' }
    const changed = await gateway.call('POST', '/api/v1/me/password', { token: session.access_token, json })
    expect(changed.status).toBe(403)
  })
})

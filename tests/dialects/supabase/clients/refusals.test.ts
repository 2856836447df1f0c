import { AuthAdminApi, AuthClient } from '@supabase/auth-js'
import { describe, expect, it } from 'vitest'
import { aPassword, aStranger, supabaseStage } from '../../../support/supabase-stage.ts'
import { given, refusal } from '../../../support/supabase-tabs.ts'

const stage = supabaseStage()

const newVersion = { 'X-Supabase-Api-Version': '2024-01-01' }

describe('what is not offered', () => {
  it('is refused by the codes that clients know', async () => {
    const { auth } = await stage.signedIn()
    const identity = given(await auth.getUserIdentities()).identities[0]!
    expect(refusal(await auth.signInWithSSO({ domain: 'corp.test' }))?.slice(1)).toEqual([
      404,
      'saml_provider_disabled',
    ])
    const link = { provider: 'github', options: { skipBrowserRedirect: true } } as const
    expect(refusal(await auth.linkIdentity(link))?.slice(1)).toEqual([404, 'manual_linking_disabled'])
    expect(refusal(await auth.unlinkIdentity(identity))?.slice(1)).toEqual([404, 'manual_linking_disabled'])
    const idToken = await auth.signInWithIdToken({ provider: 'google', token: 'a.b.c' })
    expect(refusal(idToken)?.slice(1)).toEqual([400, 'provider_disabled'])
    const web3 = await auth.signInWithWeb3({ chain: 'ethereum', message: 'sign in', signature: '0x00' })
    expect(refusal(web3)?.slice(1)).toEqual([422, 'web3_provider_disabled'])
  })

  it('of passkeys is refused', async () => {
    const { session, faceUrl } = { ...(await stage.signedIn()), faceUrl: stage.faceUrl() }
    const { access_token: token } = await session()
    for (const [method, path] of [
      ['POST', '/passkeys/registration/options'],
      ['POST', '/passkeys/authentication/options'],
      ['GET', '/passkeys'],
    ] as const) {
      const { status, body } = await stage.call(method, path, { token, headers: newVersion })
      expect([faceUrl, path, status, body?.code]).toEqual([faceUrl, path, 404, 'passkey_disabled'])
    }
  })

  it('of an OAuth server is refused', async () => {
    const { error } = await stage.admin().oauth.listClients()
    expect(error).toMatchObject({ status: 404, code: 'feature_disabled' })
  })

  it('signInWithOAuth leads to an address that says so, and to no provider', async () => {
    const { auth } = stage.tab()
    const { data } = await auth.signInWithOAuth({
      provider: 'github',
      options: { skipBrowserRedirect: true },
    })
    const response = await fetch(data.url!, { redirect: 'manual' })
    expect([400, 404]).toContain(response.status)
    await response.body?.cancel()
  })

  it('of telephones is refused where no text message can be sent', async () => {
    const { auth } = stage.tab()
    const phone = '+33123456789'
    for (const answer of [
      await auth.signUp({ phone, password: aPassword }),
      await auth.signInWithOtp({ phone }),
      await auth.signInWithPassword({ phone, password: aPassword }),
    ]) {
      expect(answer.error?.code).toBe('phone_provider_disabled')
    }
  })

  it('and is unknown has no route, of which strangers learn no map', async () => {
    const { session } = await stage.signedIn()
    const { access_token: token } = await session()
    expect((await stage.call('GET', '/nowhere', { token })).status).toBe(404)
    expect((await stage.call('GET', '/nowhere')).status).toBe(401)
  })
})

describe('a refusal', () => {
  it('is spelled as the version of the asker reads it', async () => {
    const json = { email: aStranger(), password: 'not the one' }
    const fresh = await stage.call('POST', '/token?grant_type=password', { json, headers: newVersion })
    expect(fresh.body).toEqual({ code: 'invalid_credentials', message: 'Invalid login credentials' })
    expect(fresh.headers.get('x-supabase-api-version')).toBe('2024-01-01')
    const old = await stage.call('POST', '/token?grant_type=password', { json })
    expect(old.body).toEqual({
      code: 400,
      error_code: 'invalid_credentials',
      msg: 'Invalid login credentials',
    })
    expect(old.headers.get('x-supabase-api-version')).toBeNull()
    expect(old.headers.get('x-sb-error-code')).toBe('invalid_credentials')
  })

  it('may be thrown, where an application wants it so', async () => {
    const auth = new AuthClient({
      url: stage.faceUrl(),
      headers: { apikey: stage.publicKey() },
      throwOnError: true,
      persistSession: false,
      autoRefreshToken: false,
    })
    const attempt = auth.signInWithPassword({ email: aStranger(), password: 'not the one' })
    await expect(attempt).rejects.toMatchObject({ name: 'AuthApiError', code: 'invalid_credentials' })
  })

  it('of a key that there is not keeps strangers out of administration, and of nothing else', async () => {
    const headers = { apikey: 'sb_secret_made_up', Authorization: 'Bearer sb_secret_made_up' }
    const admin = new AuthAdminApi({ url: stage.faceUrl(), headers })
    expect([401, 403]).toContain((await admin.listUsers()).error?.status)
  })
})

describe('what clients get wrong', () => {
  const places = ['/token?grant_type=password', '/signup', '/recover', '/otp', '/verify', '/resend'] as const

  it.each(places)('%s refuses a body that is no JSON, and none', async (path) => {
    const send = async (body: string) => {
      const headers = { ...newVersion, 'Content-Type': 'application/json' }
      const response = await fetch(stage.faceUrl() + path, { method: 'POST', headers, body })
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    for (const body of ['{"email":', 'email=ada', '"']) {
      expect([body, ...(await send(body))]).toEqual([body, 400, 'bad_json'])
    }
    expect((await send(''))[0]).toBe(400)
  })

  it.each(places)('%s refuses what is no object, and fields of other kinds', async (path) => {
    for (const json of [
      [],
      'text',
      7,
      null,
      { email: 7, password: 7, type: 7, token: 7 },
      { email: {}, password: [] },
      { email: 'a\u0000@b.test', password: '\u0000\u0000\u0000\u0000\u0000\u0000\u0000', type: 'email' },
      { email: `${'x'.repeat(10_000)}@b.test`, password: aPassword, type: 'signup', token: '1' },
    ]) {
      const { status, text } = await stage.call('POST', path, { json, headers: newVersion })
      // To some it is no fault: nobody is known by it.
      expect([JSON.stringify(json).slice(0, 60), status < 500, text.includes('    at ')]).toEqual([
        JSON.stringify(json).slice(0, 60),
        true,
        false,
      ])
    }
  })

  it('take a null for a field that is not there', async () => {
    const { email, password } = await stage.person()
    const signedIn = await stage.call('POST', '/token?grant_type=password', {
      json: { email, password, phone: null, gotrue_meta_security: { captcha_token: null } },
    })
    expect(signedIn.status).toBe(200)
    const signedUp = await stage.call('POST', '/signup', {
      json: {
        email: aStranger(),
        phone: null,
        password: aPassword,
        data: null,
        code_challenge: null,
        code_challenge_method: null,
        channel: null,
        gotrue_meta_security: null,
        somethingElse: true,
      },
    })
    expect(signedUp.status).toBe(200)
    const { access_token: token } = signedIn.body
    const json = { email: null, phone: null, password: null, nonce: null, data: null }
    expect((await stage.call('PUT', '/user', { token, json })).status).toBe(200)
  })

  it('send a type of JSON and no body where none is read', async () => {
    const { session } = await stage.signedIn()
    const { access_token: token } = await session()
    const headers = { 'Content-Type': 'application/json;charset=UTF-8' }
    const { status, text } = await stage.call('POST', '/logout', { token, headers })
    expect([status, text]).toEqual([204, ''])
  })

  it('send a body of more than a mebibyte', async () => {
    const json = { email: aStranger(), password: aPassword, data: { text: 'x'.repeat(1_100_000) } }
    const { status, body } = await stage.call('POST', '/signup', { json, headers: newVersion })
    expect([status, body.code]).toEqual([413, 'request_entity_too_large'])
  })

  it('show a useless credential where none is needed', async () => {
    const { email, password } = await stage.person()
    for (const Authorization of ['Bearer nonsense', 'Basic YTpi', 'Bearer ', 'a.b.c']) {
      const options = { json: { email, password }, headers: { Authorization, apikey: 'nonsense' } }
      expect((await stage.call('POST', '/token?grant_type=password', options)).status).toBe(200)
    }
  })

  it('name no grant, or one that there is not', async () => {
    for (const path of ['/token', '/token?grant_type=client_credentials']) {
      const { status, body } = await stage.call('POST', path, { json: {} })
      expect([status, body.error_code]).toEqual([400, 'invalid_credentials'])
    }
  })

  it('show no token, and one that is none', async () => {
    const none = await stage.call('GET', '/user')
    expect([none.status, none.body.error_code]).toEqual([401, 'no_authorization'])
    const wrong = await stage.call('GET', '/user', { token: 'a.b.c' })
    expect([wrong.status, wrong.body.error_code]).toEqual([403, 'bad_jwt'])
  })
})

describe('a page of another origin', () => {
  it('may ask, with every header that clients send, and reads what they read', async () => {
    const origin = 'https://elsewhere.test'
    const preflight = await fetch(`${stage.faceUrl()}/token?grant_type=password`, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers':
          'apikey,authorization,content-type,x-client-info,x-supabase-api-version',
      },
    })
    expect(preflight.status).toBeLessThan(300)
    expect([origin, '*']).toContain(preflight.headers.get('access-control-allow-origin'))
    const allowed = preflight.headers.get('access-control-allow-headers')!.toLowerCase()
    for (const name of ['apikey', 'authorization', 'content-type', 'x-client-info', 'x-supabase-api-version'])
      expect(allowed).toContain(name)
    for (const method of ['GET', 'POST', 'PUT', 'DELETE'])
      expect(preflight.headers.get('access-control-allow-methods')).toContain(method)
    const refused = await stage.call('POST', '/token?grant_type=password', {
      json: { email: aStranger(), password: 'not the one' },
      headers: { Origin: origin, ...newVersion },
    })
    const exposed = refused.headers.get('access-control-expose-headers')!.toLowerCase()
    for (const name of ['x-supabase-api-version', 'x-total-count', 'link']) expect(exposed).toContain(name)
  })
})

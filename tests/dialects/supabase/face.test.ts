import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway()
})
afterAll(() => gateway.close())

const token = '/auth/v1/token?grant_type=password'
const wrong = { email: '' }

describe('an error', () => {
  it.each(['2024-01-01', '2025-12-31'])('has its code in `code` for clients of %s', async (version) => {
    const headers = { 'X-Supabase-Api-Version': version }
    const answer = await gateway.call('POST', token, { json: wrong, headers })
    expect(answer.body).toEqual({ code: 'validation_failed', message: 'missing email or phone' })
    expect(answer.headers.get('x-supabase-api-version')).toBe('2024-01-01')
    expect(answer.headers.get('x-sb-error-code')).toBe('validation_failed')
  })

  it.each([undefined, '', '2023-12-31', '2024-13-01', 'latest', '2024-01-01 '.repeat(2)])(
    'has its status there for clients of %j',
    async (version) => {
      const headers = version === undefined ? {} : { 'X-Supabase-Api-Version': version }
      const answer = await gateway.call('POST', token, { json: wrong, headers })
      expect(answer.body).toEqual({
        code: 400,
        error_code: 'validation_failed',
        msg: 'missing email or phone',
      })
      expect(answer.headers.get('x-supabase-api-version')).toBeNull()
      expect(answer.headers.get('x-sb-error-code')).toBe('validation_failed')
    },
  )

  it('is a 400 for a body that is no object in JSON', async () => {
    for (const text of ['{', '[]', '"text"', '7', '\u00ff{']) {
      const answer = await gateway.call('POST', token, {
        form: text,
        headers: { 'Content-Type': 'text/plain' },
      })
      expect([text, answer.status, answer.body.error_code]).toEqual([text, 400, 'bad_json'])
    }
  })

  it('is a 413 for a body that is too large', async () => {
    const { status, body } = await supabaseCall(gateway, 'POST', '/token?grant_type=password', {
      json: { email: 'x'.repeat(70_000) },
    })
    expect([status, body.code]).toEqual([413, 'request_entity_too_large'])
  })

  it('says of each token what is wrong with it', async () => {
    const { access_token: good } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const ask = async (headers: Record<string, string>) => {
      const { status, body } = await supabaseCall(gateway, 'GET', '/user', { headers })
      return `${status} ${body.code}`
    }
    expect(await ask({})).toBe('401 no_authorization')
    expect(await ask({ Authorization: 'Basic YTpi' })).toBe('401 no_authorization')
    expect(await ask({ Authorization: 'Bearer sb_publishable_abc' })).toBe('403 bad_jwt')
    expect(await ask({ Authorization: `Bearer ${good.slice(0, -4)}AAAA` })).toBe('403 bad_jwt')
    expect(await ask({ Authorization: `Bearer ${good}`, apikey: 'anything' })).not.toContain('40')
    gateway.pass(3700)
    expect(await ask({ Authorization: `Bearer ${good}` })).toBe('403 bad_jwt')
  })

  it('is a 404 below the face for who is signed in, and a 401 for a stranger', async () => {
    const { access_token: good } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const known = await supabaseCall(gateway, 'GET', '/nothing', { token: good })
    // As upstream's router says it, which is no JSON.
    expect([known.status, known.text]).toEqual([404, '404 page not found\n'])
    expect((await supabaseCall(gateway, 'GET', '/nothing')).body.code).toBe('no_authorization')
    const method = await supabaseCall(gateway, 'PUT', '/settings')
    expect([method.status, method.body.code, method.headers.get('allow')]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD',
    ])
  })
})

describe('what needs no token', () => {
  const unusable = { Authorization: 'Bearer sb_publishable_abc', apikey: 'sb_publishable_abc' }

  it('tells what is on', async () => {
    const { status, body } = await supabaseCall(gateway, 'GET', '/settings', { headers: unusable })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      external: { email: true, phone: false, anonymous_users: false, google: false },
      disable_signup: false,
      mailer_autoconfirm: true,
      phone_autoconfirm: true,
      saml_enabled: false,
    })
    const policy = { supabase: { ...testPolicy.supabase, signup: 'closed', anonymous: true } as const }
    const closed = await createTestGateway({ policy })
    const told = (await supabaseCall(closed, 'GET', '/settings')).body
    await closed.close()
    expect([told.disable_signup, told.external.anonymous_users]).toEqual([true, true])
  })

  it('answers under the name that clients look for', async () => {
    const { status, body } = await supabaseCall(gateway, 'GET', '/health', { headers: unusable })
    expect([status, body.name]).toEqual([200, 'GoTrue'])
  })

  it('publishes the same keys as below the issuer', async () => {
    const { body, headers } = await supabaseCall(gateway, 'GET', '/.well-known/jwks.json')
    expect(body).toEqual((await gateway.call('GET', '/.well-known/jwks.json')).body)
    expect(body.keys[0]).toMatchObject({ use: 'sig', key_ops: ['verify'], alg: 'ES256' })
    expect(headers.get('cache-control')).toBe('public, max-age=600')
  })
})

describe('pages of any origin', () => {
  const origin = { Origin: 'https://anywhere.test' }

  it('may ask before they send, for every field', async () => {
    const { status, headers, text } = await gateway.call('OPTIONS', '/auth/v1/user', {
      headers: {
        ...origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'apikey,authorization,x-client-info',
      },
    })
    expect([status, text]).toEqual([204, ''])
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, PATCH, DELETE')
    expect(headers.get('access-control-allow-headers')).toBe('apikey,authorization,x-client-info')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('may read answers and refusals, with the fields that clients need', async () => {
    for (const [method, path] of [
      ['GET', '/auth/v1/settings'],
      ['GET', '/auth/v1/user'],
    ] as const) {
      const { headers } = await gateway.call(method, path, { headers: origin })
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('access-control-expose-headers')).toContain('X-Supabase-Api-Version')
    }
  })

  it('may do so at no other face, and beside the list of the operator', async () => {
    const asked = { headers: { ...origin, 'Access-Control-Request-Method': 'GET' } }
    expect((await gateway.call('OPTIONS', '/api/v1/me', asked)).status).toBe(401)
    const listed = await createTestGateway({ app: { corsOrigins: ['https://app.test'] } })
    try {
      const own = await listed.call('GET', '/api/v1/me', { headers: origin })
      expect(own.headers.get('access-control-allow-origin')).toBeNull()
      const open = await listed.call('GET', '/auth/v1/settings', { headers: { Origin: 'https://app.test' } })
      expect(open.headers.get('access-control-allow-origin')).toBe('*')
    } finally {
      await listed.close()
    }
  })
})

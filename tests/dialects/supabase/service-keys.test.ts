import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aPerson, signedIn, withRole } from '../../support/people.ts'
import { aKeyFor, aPublishableKey, aSecretKey } from '../../support/service-keys.ts'
import { aSupabaseUser, supabaseCall, supabaseSession } from '../../support/supabase.ts'
import { createTestGateway, type TestGateway, testPolicy } from '../../support/test-gateway.ts'

const jwtSecret = 'a-secret-of-a-former-installation-0123456789'
const users = '/admin/users'
const notAdmin = { code: 'not_admin', message: 'User not allowed' }
const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await createTestGateway({ policy: { supabase: { ...testPolicy.supabase, jwtSecret } } })
})
afterAll(() => gateway.close())

const ask = (headers: Readonly<Record<string, string>>) => supabaseCall(gateway, 'GET', users, { headers })
const bearer = (credential: string) => ask({ Authorization: `Bearer ${credential}` })
const legacy = (claims: Readonly<Record<string, unknown>>) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(jwtSecret))

describe('a secret key', () => {
  it('is taken as Bearer, as apikey, and as both at once', async () => {
    const { text } = await aSecretKey(gateway)
    expect(text).toMatch(/^sb_secret_/)
    expect((await bearer(text)).status).toBe(200)
    expect((await ask({ apikey: text })).status).toBe(200)
    expect((await ask({ apikey: text, Authorization: `Bearer ${text}` })).status).toBe(200)
  })

  it('is taken as a short token of it too', async () => {
    const { text } = await aSecretKey(gateway)
    expect((await bearer(await gateway.accessToken(text))).status).toBe(200)
  })

  it('is refused at once when it is revoked, disabled or retired', async () => {
    const token = await gateway.accessToken()
    for (const end of ['revoke', 'disable']) {
      const { id, text } = await aSecretKey(gateway)
      expect((await bearer(text)).status).toBe(200)
      await gateway.call('POST', `/api/v1/keys/${id}/${end}`, { token, json: {} })
      const { status, body } = await bearer(text)
      expect([end, status, body]).toEqual([end, 403, { code: 'bad_jwt', message: 'Invalid API key' }])
    }
    const { id, text } = await aSecretKey(gateway)
    await gateway.call('POST', `/api/v1/keys/${id}/rotate`, { token, json: { overlap_seconds: 0 } })
    expect((await bearer(text)).status).toBe(403)
  })

  it('is refused from outside its networks and beyond its limit', async () => {
    const placed = await aSecretKey(gateway, { allowed_cidrs: ['198.51.100.0/24'] })
    expect((await bearer(placed.text)).status).toBe(403)
    const limited = await aSecretKey(gateway, { rate_limit: { limit: 2, window_seconds: 60 } })
    // Both headers are one call.
    const both = { apikey: limited.text, Authorization: `Bearer ${limited.text}` }
    expect([(await ask(both)).status, (await ask(both)).status]).toEqual([200, 200])
    const refused = await ask(both)
    expect([refused.status, refused.body.code]).toEqual([429, 'over_request_rate_limit'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('is refused from a browser, wherever it is shown', async () => {
    const { text } = await aSecretKey(gateway)
    const calls = [
      await ask({ Authorization: `Bearer ${text}`, 'User-Agent': browser }),
      await ask({ apikey: text, 'User-Agent': browser }),
      await bearerFrom(browser, await legacy({ role: 'service_role' })),
      await supabaseCall(gateway, 'GET', '/settings', { headers: { apikey: text, 'User-Agent': browser } }),
    ]
    for (const { status, body } of calls) {
      expect(status).toBe(401)
      expect(body).toEqual({
        code: 'no_authorization',
        message: expect.stringMatching(/^Forbidden use of a secret API key in a browser/),
      })
    }
    expect((await ask({ apikey: text, 'User-Agent': 'supabase-py/2.0' })).status).toBe(200)
  })

  it('leaves its id, and not itself, in the log and in the audit log', async () => {
    const { id, text, clientId } = await aSecretKey(gateway)
    await supabaseCall(gateway, 'POST', users, { token: text, json: { email: 'told@example.com' } })
    expect(gateway.requestLines.at(-1)).toMatchObject({ keyId: id, clientId, status: 200, userId: undefined })
    const { items } = (
      await gateway.call('GET', '/api/v1/audit?kind=user.create&limit=1', {
        token: await gateway.accessToken(),
      })
    ).body.data
    expect(items).toMatchObject([{ kind: 'user.create', key_id: id, client_id: clientId, user_id: null }])
    expect(JSON.stringify([items, gateway.requestLines])).not.toContain(text)
  })
})

function bearerFrom(userAgent: string, credential: string) {
  return ask({ Authorization: `Bearer ${credential}`, 'User-Agent': userAgent })
}

describe('what is no secret key', () => {
  it('is refused: nothing, and what is not a Bearer', async () => {
    const none = await ask({})
    expect([none.status, none.body.code]).toEqual([401, 'no_authorization'])
    const basic = await ask({ Authorization: 'Basic YTpi' })
    expect([basic.status, basic.body.code]).toEqual([401, 'no_authorization'])
  })

  it('is refused: a publishable key, and a key of anything else', async () => {
    const keys = [await aPublishableKey(gateway), await aKeyFor(gateway, ['users:read', 'users:write'])]
    for (const { text } of keys) {
      const { status, body } = await bearer(text)
      expect([status, body]).toEqual([403, notAdmin])
    }
  })

  it('is refused: an unknown key of the right form, and a canary', async () => {
    const { text } = await aSecretKey(gateway, { canary: true })
    const { status, body } = await bearer(text)
    expect([status, body.code]).toEqual([403, 'bad_jwt'])
    expect(gateway.alarms.at(-1)).toMatchObject({ kind: 'canary.used' })
  })

  it('is refused: a person, whatever they may do and whatever is noted of them', async () => {
    const ada = await aSupabaseUser(gateway, {
      metadata: { role: 'service_role' },
      appMetadata: { role: 'service_role' },
      claimRole: 'service_role',
    })
    const { access_token: token } = await supabaseSession(gateway, ada)
    const refused = await bearer(token)
    expect([refused.status, refused.body]).toEqual([403, notAdmin])
    const admin = await aPerson(gateway)
    await withRole(gateway, admin, ['*'])
    const { access } = await signedIn(gateway, admin)
    expect((await bearer(access)).body).toEqual(notAdmin)
  })

  it('is refused: somebody’s token beside a secret key, since the token says who calls', async () => {
    const { text } = await aSecretKey(gateway)
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    expect((await ask({ apikey: text, Authorization: `Bearer ${token}` })).body).toEqual(notAdmin)
  })

  it.each([
    ['GET', '/admin/users/0b9e6c30-0000-4000-8000-000000000000'],
    ['PUT', '/admin/users/0b9e6c30-0000-4000-8000-000000000000'],
    ['DELETE', '/admin/users/0b9e6c30-0000-4000-8000-000000000000'],
    ['GET', '/admin/users/0b9e6c30-0000-4000-8000-000000000000/factors'],
    ['PUT', '/admin/users/0b9e6c30-0000-4000-8000-000000000000/factors/0b9e6c30-0000-4000-8000-000000000000'],
    [
      'DELETE',
      '/admin/users/0b9e6c30-0000-4000-8000-000000000000/factors/0b9e6c30-0000-4000-8000-000000000000',
    ],
    ['POST', '/admin/users'],
    ['POST', '/invite'],
    ['POST', '/admin/generate_link'],
    ['GET', '/admin/oauth/clients'],
  ])('is refused before anything of the call is read: %s %s', async (method, path) => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    const { text } = await aPublishableKey(gateway)
    for (const credential of [token, text]) {
      const { status, body } = await supabaseCall(gateway, method, path, { token: credential })
      expect([status, body]).toEqual([403, notAdmin])
    }
    expect((await supabaseCall(gateway, method, path)).body.code).toBe('no_authorization')
  })
})

describe('a key of a former installation', () => {
  it('is taken while its secret is named: service_role looks after people, anon does not', async () => {
    expect((await bearer(await legacy({ iss: 'supabase', role: 'service_role' }))).status).toBe(200)
    expect((await ask({ apikey: await legacy({ role: 'service_role' }) })).status).toBe(200)
    const anon = await bearer(await legacy({ iss: 'supabase', role: 'anon' }))
    expect([anon.status, anon.body]).toEqual([403, notAdmin])
  })

  it('opens nothing but the routes of programs: no face takes it for a token', async () => {
    const token = await legacy({ role: 'service_role' })
    expect((await bearer(token)).status).toBe(200)
    expect((await gateway.call('GET', '/api/v1/users', { token })).status).toBe(401)
    expect((await supabaseCall(gateway, 'GET', '/user', { token })).status).toBe(403)
    expect((await supabaseCall(gateway, 'POST', '/logout', { token })).status).toBe(403)
  })

  it('is told in the audit log by its role', async () => {
    const token = await legacy({ role: 'service_role' })
    await supabaseCall(gateway, 'POST', users, { token, json: { email: 'legacy@example.com' } })
    const { items } = (
      await gateway.call('GET', '/api/v1/audit?kind=user.create&limit=1', {
        token: await gateway.accessToken(),
      })
    ).body.data
    expect(items).toMatchObject([{ client_id: 'supabase:service_role', key_id: null, user_id: null }])
  })

  it('is none when it was forged', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const forged = [
      await new SignJWT({ role: 'service_role' }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey),
      await new SignJWT({ role: 'service_role' })
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(`${jwtSecret}x`)),
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"role":"service_role"}').toString('base64url')}.`,
      await legacy({ role: 'authenticated', user_metadata: { role: 'service_role' } }),
      await legacy({ role: 'service_role', exp: 1 }),
      await legacy({ role: 'service_role', session_id: '0b9e6c30-0000-4000-8000-000000000000' }),
    ]
    for (const token of forged) {
      const { status, body } = await bearer(token)
      expect([status, body.code]).toEqual([403, 'bad_jwt'])
    }
  })

  it('is none with our own public key as its secret', async () => {
    const { keys } = (await supabaseCall(gateway, 'GET', '/.well-known/jwks.json')).body
    for (const text of [JSON.stringify(keys[0]), JSON.stringify({ keys }), keys[0].x]) {
      const forged = await new SignJWT({ role: 'service_role' })
        .setProtectedHeader({ alg: 'HS256', kid: keys[0].kid })
        .sign(new TextEncoder().encode(text))
      expect((await bearer(forged)).status).toBe(403)
    }
  })
})

describe('the key of an application', () => {
  const settings = (headers: Readonly<Record<string, string>>) =>
    supabaseCall(gateway, 'GET', '/settings', { headers })

  it('need not be there, and is passed over where it is none of ours', async () => {
    const { access_token: token } = await supabaseSession(gateway, await aSupabaseUser(gateway))
    for (const headers of [{}, { apikey: 'anything' }, { apikey: await legacy({ role: 'anon' }) }]) {
      expect((await settings(headers)).status).toBe(200)
      expect((await supabaseCall(gateway, 'GET', '/user', { token, headers })).status).toBe(200)
    }
  })

  it('is good from a browser, also as the Bearer of a public route', async () => {
    const { text } = await aPublishableKey(gateway)
    const headers = { apikey: text, Authorization: `Bearer ${text}`, 'User-Agent': browser }
    expect((await settings(headers)).status).toBe(200)
    const ada = await aSupabaseUser(gateway)
    const json = { email: ada.email, password: ada.password }
    const signed = await supabaseCall(gateway, 'POST', '/token?grant_type=password', { json, headers })
    expect(signed.status).toBe(200)
  })

  it('ends the application with itself', async () => {
    const { id, text } = await aPublishableKey(gateway)
    expect((await settings({ apikey: text })).status).toBe(200)
    const token = await gateway.accessToken()
    await gateway.call('POST', `/api/v1/keys/${id}/revoke`, { token, json: {} })
    const { status, body } = await settings({ apikey: text })
    expect([status, body]).toEqual([403, { code: 'bad_jwt', message: 'Invalid API key' }])
  })

  it('lets an unusable Authorization header pass on a public route', async () => {
    for (const value of ['Bearer x', 'Bearer', 'Basic YTpi', `Bearer ${await legacy({ role: 'anon' })}`]) {
      expect((await settings({ Authorization: value })).status).toBe(200)
    }
  })
})

describe('the sign-out of somebody by a program', () => {
  it('is a sign-out with their token: of this session, the others, or all', async () => {
    const ada = await aSupabaseUser(gateway)
    const [one, two] = [await supabaseSession(gateway, ada), await supabaseSession(gateway, ada)]
    const { text: apikey } = await aSecretKey(gateway)
    const out = await supabaseCall(gateway, 'POST', '/logout?scope=others', {
      token: one.access_token,
      headers: { apikey },
    })
    expect([out.status, out.text]).toEqual([204, ''])
    expect((await supabaseCall(gateway, 'GET', '/user', { token: two.access_token })).body.code).toBe(
      'session_not_found',
    )
    expect((await supabaseCall(gateway, 'GET', '/user', { token: one.access_token })).status).toBe(200)
    await supabaseCall(gateway, 'POST', '/logout?scope=global', {
      token: one.access_token,
      headers: { apikey },
    })
    expect((await supabaseCall(gateway, 'GET', '/user', { token: one.access_token })).status).toBe(403)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic } from '../../support/call.ts'
import { claimsOf, newOAuthClient, type OAuthClient } from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let client: OAuthClient

beforeAll(async () => {
  gateway = await createTestGateway()
  client = await newOAuthClient(gateway)
})

afterAll(() => gateway.close())

const grant = { grant_type: 'client_credentials' }
const post = (form: Record<string, string> | string, headers: Record<string, string> = {}) =>
  gateway.call('POST', '/oauth2/token', { form, headers })

describe('client credentials', () => {
  it('bring an access token, by HTTP Basic and in the form, named by the client or by its key', async () => {
    for (const id of [client.id, client.keyId]) {
      const byHeader = await post(grant, { Authorization: basic(id, client.apiKey) })
      const byForm = await post({ ...grant, client_id: id, client_secret: client.apiKey })
      for (const { status, body, headers } of [byHeader, byForm]) {
        expect(status).toBe(200)
        expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
        expect(body).toMatchObject({
          token_type: 'Bearer',
          expires_in: 3600,
          scope: 'orders:read orders:write',
        })
        expect(headers.get('cache-control')).toBe('no-store')
        expect(claimsOf(body.access_token)).toMatchObject({ sub: client.id, client_id: client.id })
      }
    }
  })

  it('are read with every character percent-encoded, as RFC 6749 §2.3.1 lets clients do', async () => {
    const all = (text: string) => text.replace(/./g, (it) => `%${it.charCodeAt(0).toString(16)}`)
    const header = `bASIC ${btoa(`${all(client.id)}:${all(client.apiKey)}`)}`
    expect((await post(grant, { Authorization: header })).status).toBe(200)
  })

  it('bring a token that a call of the native face takes', async () => {
    const { access_token } = await client.tokens()
    const me = await gateway.call('GET', '/api/v1/me', { token: access_token })
    expect([me.status, me.body.data.client_id]).toEqual([200, client.id])
  })

  it('bring a refresh token only for the scope offline_access, which is no permission', async () => {
    expect(await client.tokens()).not.toHaveProperty('refresh_token')
    const offline = await client.tokens({ scope: 'offline_access orders:read' })
    expect(offline).toMatchObject({
      scope: 'orders:read',
      refresh_token: expect.stringMatching(/^grt_[0-9A-Za-z]{82}$/),
    })
    expect(claimsOf(offline.access_token)['scope']).toBe('orders:read')
    expect((await client.tokens({ scope: 'offline_access' })).scope).toBe('orders:read orders:write')
  })

  it('are narrowed by scope, resource and audience', async () => {
    const { access_token } = await client.tokens({ scope: 'orders:read', resource: 'https://orders.test' })
    expect(claimsOf(access_token)).toMatchObject({ scope: 'orders:read', aud: 'https://orders.test' })
    const both = await client.post(
      '/oauth2/token',
      'grant_type=client_credentials&resource=https://orders.test&audience=https://gateway.test',
    )
    expect(claimsOf(both.body.access_token)['aud']).toEqual(['https://orders.test', 'https://gateway.test'])
  })

  it.each([
    ['invalid_scope', { scope: 'orders:delete' }],
    ['invalid_scope', { scope: 'Not A Permission' }],
    ['invalid_scope', { scope: '*' }],
    ['invalid_target', { resource: 'https://elsewhere.test' }],
    ['invalid_target', { audience: 'orders' }],
  ])('are refused as %s when they ask for more: %j', async (error, wish) => {
    const answer = await client.post('/oauth2/token', { ...grant, ...wish })
    expect([answer.status, answer.body.error]).toEqual([400, error])
  })
})

describe('a client that does not show itself well', () => {
  const unauthorised = { status: 401, error: 'invalid_client' }

  it.each([
    ['nothing', () => ({})],
    ['another client’s id', () => ({ Authorization: basic(crypto.randomUUID(), client.apiKey) })],
    ['no id', () => ({ Authorization: basic('', client.apiKey) })],
    ['a wrong secret', () => ({ Authorization: basic(client.id, altered(client.apiKey)) })],
    ['a Bearer token', () => ({ Authorization: 'Bearer abc' })],
    ['no base64', () => ({ Authorization: 'Basic !' })],
    ['no colon', () => ({ Authorization: `Basic ${btoa(client.id)}` })],
    ['a broken percent', () => ({ Authorization: `Basic ${btoa(`${client.id}:%zz`)}` })],
    ['no UTF-8', () => ({ Authorization: `Basic ${btoa(`${client.id}:\xff`)}` })],
    ['two headers', () => ({ Authorization: `${basic(client.id, client.apiKey)}, Basic YTpi` })],
  ])('by %s is invalid_client, with a challenge', async (_, headers) => {
    const answer = await post(grant, headers())
    expect({ status: answer.status, error: answer.body.error }).toEqual(unauthorised)
    expect(Object.keys(answer.body)).toEqual(['error', 'error_description'])
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="guichet", charset="UTF-8"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  it.each([
    ['two ways at once', { client_id: 'it', client_secret: 'it' }],
    ['two ids', { client_id: crypto.randomUUID() }],
  ])('by %s is invalid_request', async (_, more) => {
    const answer = await client.post('/oauth2/token', { ...grant, ...more })
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })

  it('may say its id in the form beside the header', async () => {
    expect((await client.post('/oauth2/token', { ...grant, client_id: client.id })).status).toBe(200)
  })

  it('is told what is wrong with a genuine key', async () => {
    const other = await newOAuthClient(gateway)
    const token = await gateway.accessToken()
    await gateway.call('POST', `/api/v1/keys/${other.keyId}/disable`, { token })
    const disabled = await other.post('/oauth2/token', grant)
    expect([disabled.status, disabled.body.error]).toEqual([401, 'invalid_client'])
    expect(disabled.body.error_description).toContain('disabled')
    await gateway.call('POST', `/api/v1/keys/${other.keyId}/enable`, { token })
    expect((await other.post('/oauth2/token', grant)).status).toBe(200)
  })
})

describe('a form', () => {
  it.each([
    ['no grant type', 'scope=orders:read', 'invalid_request'],
    ['an empty grant type', 'grant_type=', 'invalid_request'],
    ['an unknown grant type', 'grant_type=password', 'unsupported_grant_type'],
    ['an inherited name as grant type', 'grant_type=constructor', 'unsupported_grant_type'],
    ['a parameter twice', 'grant_type=client_credentials&grant_type=client_credentials', 'invalid_request'],
    ['an unknown parameter twice', 'grant_type=client_credentials&a=1&a=2', 'invalid_request'],
    ['a broken percent', 'grant_type=client_credentials&a=%zz', 'invalid_request'],
    ['bytes that are no UTF-8', 'grant_type=client_credentials&a=%ff', 'invalid_request'],
    ['no refresh token', 'grant_type=refresh_token', 'invalid_request'],
  ])('with %s is refused', async (_, form, error) => {
    const answer = await client.post('/oauth2/token', form)
    expect([answer.status, answer.body.error]).toEqual([400, error])
  })

  it('may hold parameters that nobody knows, and ones without a value', async () => {
    const answer = await client.post(
      '/oauth2/token',
      'grant_type=client_credentials&&scope=&foo=1&__proto__=x',
    )
    expect([answer.status, answer.body.scope]).toEqual([200, 'orders:read orders:write'])
  })

  it('may name its charset, and is nothing but a form in UTF-8', async () => {
    const statusOf = async (type: string) =>
      (
        await gateway.call('POST', '/oauth2/token', {
          form: grant,
          headers: { Authorization: basic(client.id, client.apiKey), 'Content-Type': type },
        })
      ).status
    expect(await statusOf('application/x-www-form-urlencoded; charset=UTF-8')).toBe(200)
    expect(await statusOf('application/x-www-form-urlencoded;charset=latin1')).toBe(400)
    expect(await statusOf('application/json')).toBe(400)
    expect(await statusOf('multipart/form-data')).toBe(400)
  })

  it('is read to 64 KiB and no further', async () => {
    const sized = (bytes: number) => 'grant_type=client_credentials&a='.padEnd(bytes, 'x')
    expect((await client.post('/oauth2/token', sized(64 * 1024))).status).toBe(200)
    const larger = await client.post('/oauth2/token', sized(64 * 1024 + 1))
    expect([larger.status, larger.body.error]).toEqual([413, 'invalid_request'])
  })

  it('takes no parameter from the query', async () => {
    const query = `grant_type=client_credentials&client_id=${client.id}&client_secret=${client.apiKey}`
    const answer = await gateway.call('POST', `/oauth2/token?${query}`, { form: {} })
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })
})

describe('what holds for a key', () => {
  it('limits the grant as it limits the exchange', async () => {
    const limited = await newOAuthClient(gateway, { rate_limit: { limit: 1, window_seconds: 60 } })
    const first = await limited.post('/oauth2/token', grant)
    expect(first.headers.get('ratelimit')).toBe('"key";r=0;t=60')
    const second = await limited.post('/oauth2/token', grant)
    expect([second.status, second.body.error, second.headers.get('retry-after')]).toEqual([
      429,
      'temporarily_unavailable',
      '60',
    ])
  })

  it('keeps it to its networks', async () => {
    const fenced = await newOAuthClient(gateway, { allowed_cidrs: ['198.51.100.0/24'] })
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      const answer = await fenced.post(path, { ...grant, token: 'x' })
      expect([path, answer.status, answer.body.error]).toEqual([path, 400, 'unauthorized_client'])
    }
  })

  it('announces its retirement', async () => {
    const retiring = await newOAuthClient(gateway)
    const token = await gateway.accessToken()
    await gateway.call('POST', `/api/v1/keys/${retiring.keyId}/rotate`, { token, json: {} })
    const { status, headers } = await retiring.post('/oauth2/token', grant)
    expect([status, headers.has('sunset'), headers.has('deprecation')]).toEqual([200, true, true])
  })

  it('marks its use', async () => {
    const used = await newOAuthClient(gateway)
    await used.tokens()
    await gateway.flushUsage()
    expect(
      await gateway.database.query('select count, last_address from key_usage where key_id = $1', [
        used.keyId,
      ]),
    ).toEqual([{ count: '1', last_address: '192.0.2.1' }])
  })
})

/** The same text with another last character. */
function altered(text: string): string {
  return text.slice(0, -1) + (text.endsWith('0') ? '1' : '0')
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic } from '../../support/call.ts'
import { accessTokenType, newOAuthClient, type OAuthClient, tokenExchange } from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let client: OAuthClient
let stranger: OAuthClient
let watcher: OAuthClient

beforeAll(async () => {
  gateway = await createTestGateway()
  client = await newOAuthClient(gateway)
  stranger = await newOAuthClient(gateway)
  watcher = await newOAuthClient(gateway, { permissions: ['tokens:introspect'] })
})

afterAll(() => gateway.close())

const introspect = (asker: OAuthClient, token: string, more = {}) =>
  asker.post('/oauth2/introspect', { token, ...more })
const inactive = '{"active":false}'

describe('introspection', () => {
  it('tells a client what its access token is worth', async () => {
    const { access_token } = await client.tokens({ scope: 'orders:read' })
    const { status, body, headers } = await introspect(client, access_token)
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      active: true,
      scope: 'orders:read',
      client_id: client.id,
      token_type: 'Bearer',
      exp: expect.any(Number),
      iat: expect.any(Number),
      sub: client.id,
      aud: ['https://gateway.test', 'https://orders.test'],
      iss: 'https://gateway.test',
      jti: expect.any(String),
      sid: expect.any(String),
      key_id: client.keyId,
    })
    expect(body.exp - body.iat).toBe(3600)
  })

  it('tells a client what its refresh token is worth', async () => {
    const { refresh_token } = await client.tokens({ scope: 'offline_access orders:read' })
    const { body } = await introspect(client, refresh_token)
    expect(body).toMatchObject({ active: true, scope: 'orders:read', client_id: client.id, sub: client.id })
    expect(body).not.toHaveProperty('token_type')
    expect(body.exp - body.iat).toBe(604_800)
  })

  it('does not need the hint, and no wrong one misleads it', async () => {
    const { access_token, refresh_token } = await client.tokens({ scope: 'offline_access' })
    for (const token of [access_token, refresh_token]) {
      for (const token_type_hint of ['access_token', 'refresh_token', 'pigeon']) {
        expect((await introspect(client, token, { token_type_hint })).body.active).toBe(true)
      }
    }
  })

  it('tells nothing of other clients’ tokens without tokens:introspect, and all with it', async () => {
    const { access_token, refresh_token } = await client.tokens({ scope: 'offline_access' })
    for (const token of [access_token, refresh_token]) {
      expect((await introspect(stranger, token)).text).toBe(inactive)
      expect((await introspect(watcher, token)).body).toMatchObject({ active: true, client_id: client.id })
    }
  })

  it('tells of a token for another audience, which the gateway itself refuses', async () => {
    const { access_token } = await client.tokens({ resource: 'https://orders.test' })
    expect((await gateway.call('GET', '/api/v1/me', { token: access_token })).status).toBe(401)
    expect((await introspect(watcher, access_token)).body).toMatchObject({
      active: true,
      aud: ['https://orders.test'],
    })
  })

  it('tells who acts, and tells the subject of a narrowed token as well as its client', async () => {
    const { access_token } = await client.tokens()
    const { body } = await stranger.post('/oauth2/token', {
      grant_type: tokenExchange,
      subject_token: access_token,
      subject_token_type: accessTokenType,
      actor_token: (await stranger.tokens()).access_token,
      actor_token_type: accessTokenType,
    })
    for (const asker of [client, stranger]) {
      expect((await introspect(asker, body.access_token)).body).toMatchObject({
        active: true,
        sub: client.id,
        client_id: stranger.id,
        act: { sub: stranger.id },
      })
    }
  })

  it('says exactly active false of all that is not worth anything', async () => {
    const { access_token, refresh_token } = await client.tokens({ scope: 'offline_access' })
    const next = await client.refresh(refresh_token)
    const ended = await client.tokens({ scope: 'offline_access' })
    await client.post('/oauth2/revoke', { token: ended.refresh_token })
    const texts = [
      'x',
      client.apiKey,
      `${access_token}x`,
      refresh_token,
      ended.access_token,
      ended.refresh_token,
    ]
    for (const token of texts) {
      const answer = await introspect(client, token)
      expect([answer.status, answer.text]).toEqual([200, inactive])
    }
    // Only asked after, the spent token has ended nothing.
    expect((await client.refresh(next.body.refresh_token)).status).toBe(200)
    gateway.pass(3605)
    expect((await introspect(client, access_token)).text).toBe(inactive)
  })

  it('says active false of the tokens of a key that is disabled, and active true again after', async () => {
    const other = await newOAuthClient(gateway)
    const { access_token, refresh_token } = await other.tokens({ scope: 'offline_access' })
    const token = await gateway.accessToken()
    await gateway.call('POST', `/api/v1/keys/${other.keyId}/disable`, { token })
    expect((await introspect(watcher, access_token)).text).toBe(inactive)
    expect((await introspect(watcher, refresh_token)).text).toBe(inactive)
    await gateway.call('POST', `/api/v1/keys/${other.keyId}/enable`, { token })
    expect((await introspect(watcher, refresh_token)).body.active).toBe(true)
  })

  it('says 503 rather than active when it cannot know what was revoked', async () => {
    const blind = await createTestGateway({ policy: { revocationsStaleSeconds: -1 } })
    try {
      const { body } = await blind.call('POST', '/api/v1/auth/token', { json: { apiKey: blind.adminKey } })
      const answer = await blind.call('POST', '/oauth2/introspect', {
        form: { token: body.data.access },
        headers: { Authorization: basic(blind.adminKey.slice(3, 15), blind.adminKey) },
      })
      expect([answer.status, answer.body.error]).toEqual([503, 'temporarily_unavailable'])
    } finally {
      await blind.close()
    }
  })
})

describe('who asks', () => {
  it('may do so by a Bearer token that carries tokens:introspect', async () => {
    const { access_token } = await client.tokens()
    const bearer = (token: string) =>
      gateway.call('POST', '/oauth2/introspect', { token, form: { token: access_token } })
    expect((await bearer((await watcher.tokens()).access_token)).body.active).toBe(true)
    const poor = await bearer((await stranger.tokens()).access_token)
    expect([poor.status, poor.body.error, poor.headers.get('www-authenticate')]).toEqual([
      403,
      'insufficient_scope',
      'Bearer realm="guichet", error="insufficient_scope", scope="tokens:introspect"',
    ])
    const forged = await bearer('eyJ.x.y')
    expect([forged.status, forged.body.error, forged.headers.get('www-authenticate')]).toEqual([
      401,
      'invalid_token',
      'Bearer realm="guichet", error="invalid_token"',
    ])
  })

  it('must be somebody', async () => {
    const answer = await gateway.call('POST', '/oauth2/introspect', { form: { token: 'x' } })
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })

  it('must name a token', async () => {
    const answer = await client.post('/oauth2/introspect', {})
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })

  it('is counted against the limits of the key', async () => {
    const limited = await newOAuthClient(gateway, { rate_limit: { limit: 1, window_seconds: 60 } })
    expect((await introspect(limited, 'x')).status).toBe(200)
    expect((await introspect(limited, 'x')).status).toBe(429)
  })
})

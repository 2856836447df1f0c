import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newOAuthClient, type OAuthClient, oauthClient } from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let client: OAuthClient

beforeAll(async () => {
  gateway = await createTestGateway()
  client = await newOAuthClient(gateway)
})

afterAll(() => gateway.close())

const opened = (form = {}) => client.tokens({ scope: 'offline_access orders:read orders:write', ...form })
const statusOf = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status
const errorOf = ({ status, body }: { status: number; body: { error?: string } }) => [status, body.error]
const refusal = [400, 'invalid_grant']

describe('a refresh', () => {
  it('brings an access token and another refresh token of the same session', async () => {
    const first = await opened()
    const second = await client.refresh(first.refresh_token)
    expect(second.status).toBe(200)
    expect(second.body).toMatchObject({ token_type: 'Bearer', scope: 'orders:read orders:write' })
    expect(second.body.refresh_token).not.toBe(first.refresh_token)
    const third = await client.refresh(second.body.refresh_token)
    expect(third.status).toBe(200)
    expect(await statusOf(third.body.access_token)).toBe(200)
  })

  it('gives the same successor to whoever did not get the answer, until somebody uses it', async () => {
    const { refresh_token } = await opened()
    const first = await client.refresh(refresh_token)
    gateway.pass(3600)
    const again = await client.refresh(refresh_token)
    expect([again.status, again.body.refresh_token]).toEqual([200, first.body.refresh_token])
    expect(again.body.access_token).not.toBe(first.body.access_token)
    expect((await client.refresh(again.body.refresh_token)).status).toBe(200)
  })

  it('with a token that was replaced before ends the session, and says so in the log', async () => {
    const first = await opened()
    const second = await client.refresh(first.refresh_token)
    const third = await client.refresh(second.body.refresh_token)
    expect(errorOf(await client.refresh(first.refresh_token))).toEqual(refusal)
    expect(gateway.requestLines.at(-1)).toMatchObject({
      reason: 'refresh_token_reused',
      cause: expect.stringMatching(/^session /),
    })
    for (const tokens of [first, second.body, third.body]) {
      expect(errorOf(await client.refresh(tokens.refresh_token))).toEqual(refusal)
      expect(await statusOf(tokens.access_token)).toBe(401)
    }
    expect(gateway.requestLines.at(-2)).toMatchObject({ reason: 'session_revoked' })
  })

  it('with a text that we never made touches no session', async () => {
    const { refresh_token } = await opened()
    const second = await client.refresh(refresh_token)
    await client.refresh(second.body.refresh_token)
    const sessionId = refresh_token.slice(4, 36)
    for (const text of [`grt_${sessionId}${'0'.repeat(50)}`, `${refresh_token.slice(0, -1)}~`, 'x']) {
      expect(errorOf(await client.refresh(text))).toEqual(refusal)
    }
    const [row] = await gateway.database.query('select revoked_at from sessions where id = $1', [sessionId])
    expect(row).toEqual({ revoked_at: null })
  })

  it('needs the client that the token was made for, and leaves the session alone otherwise', async () => {
    const { refresh_token } = await opened()
    const other = await newOAuthClient(gateway)
    expect(errorOf(await other.refresh(refresh_token))).toEqual(refusal)
    const anonymous = await gateway.call('POST', '/oauth2/token', {
      form: { grant_type: 'refresh_token', refresh_token },
    })
    expect(errorOf(anonymous)).toEqual([401, 'invalid_client'])
    const second = await client.refresh(refresh_token)
    await client.refresh(second.body.refresh_token)
    expect(errorOf(await other.refresh(refresh_token))).toEqual(refusal)
    expect(await statusOf(second.body.access_token)).toBe(200)
  })

  it('may be narrowed for its access token, and the next has all of it again', async () => {
    const { refresh_token } = await opened()
    const narrow = await client.refresh(refresh_token, {
      scope: 'orders:read',
      resource: 'https://orders.test',
    })
    expect([narrow.status, narrow.body.scope]).toEqual([200, 'orders:read'])
    const wide = await client.refresh(narrow.body.refresh_token)
    expect(wide.body.scope).toBe('orders:read orders:write')
  })

  it('never widens what the session was opened with, and consumes nothing when it is asked to', async () => {
    const { refresh_token } = await opened({
      scope: 'offline_access orders:read',
      resource: 'https://orders.test',
    })
    expect(errorOf(await client.refresh(refresh_token, { scope: 'orders:write' }))).toEqual([
      400,
      'invalid_scope',
    ])
    expect(errorOf(await client.refresh(refresh_token, { resource: 'https://gateway.test' }))).toEqual([
      400,
      'invalid_target',
    ])
    const second = await client.refresh(refresh_token)
    expect([second.status, second.body.scope]).toEqual([200, 'orders:read'])
    expect(errorOf(await client.refresh(second.body.refresh_token))).toEqual([200, undefined])
  })

  it('keeps the end that the session was opened with: the last second allowed, the next refused', async () => {
    let { refresh_token } = await opened()
    for (let day = 0; day < 6; day++) {
      gateway.pass(86_400)
      refresh_token = (await client.refresh(refresh_token)).body.refresh_token
    }
    gateway.pass(86_399)
    const last = await client.refresh(refresh_token)
    expect(last.status).toBe(200)
    gateway.pass(1)
    expect(errorOf(await client.refresh(last.body.refresh_token))).toEqual(refusal)
  })

  it('ends with the key that opened the session, also when a newer key of the client shows it', async () => {
    const rotating = await newOAuthClient(gateway)
    const { refresh_token } = await rotating.tokens({ scope: 'offline_access' })
    const token = await gateway.accessToken()
    const { body } = await gateway.call('POST', `/api/v1/keys/${rotating.keyId}/rotate`, { token, json: {} })
    const newer = oauthClient(gateway, {
      id: rotating.id,
      keyId: body.data.id,
      apiKey: body.data.api_key,
    })
    const second = await newer.refresh(refresh_token)
    expect(second.status).toBe(200)
    await gateway.call('DELETE', `/api/v1/keys/${rotating.keyId}`, { token })
    expect(errorOf(await newer.refresh(second.body.refresh_token))).toEqual(refusal)
    expect(errorOf(await rotating.refresh(second.body.refresh_token))).toEqual([401, 'invalid_client'])
  })

  it('takes the token of a native session too, which stays as it is', async () => {
    const { body } = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey: client.apiKey } })
    for (const _ of [1, 2]) {
      const answer = await client.refresh(body.data.refresh)
      expect([answer.status, 'refresh_token' in answer.body]).toEqual([200, false])
    }
  })
})

describe('the native refresh', () => {
  const native = (refresh: string) =>
    gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh } })

  it('has no room for a successor and refuses a token that rotates, without using it up', async () => {
    const { refresh_token } = await opened()
    const answer = await native(refresh_token)
    expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_refresh_token'])
    expect((await client.refresh(refresh_token)).status).toBe(200)
  })

  it('ends the session of a token that was replaced before', async () => {
    const { refresh_token } = await opened()
    const second = await client.refresh(refresh_token)
    const third = await client.refresh(second.body.refresh_token)
    const answer = await native(refresh_token)
    expect([answer.status, answer.body.error.code]).toEqual([401, 'refresh_token_reused'])
    expect(errorOf(await client.refresh(third.body.refresh_token))).toEqual(refusal)
  })
})

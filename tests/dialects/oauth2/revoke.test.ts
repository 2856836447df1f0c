import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  accessTokenType,
  claimsOf,
  newOAuthClient,
  type OAuthClient,
  tokenExchange,
} from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let client: OAuthClient

beforeAll(async () => {
  gateway = await createTestGateway()
  client = await newOAuthClient(gateway)
})

afterAll(() => gateway.close())

const opened = () => client.tokens({ scope: 'offline_access' })
const revoke = async (asker: OAuthClient, token: string, more = {}) => {
  const { status, body } = await asker.post('/oauth2/revoke', { token, ...more })
  return [status, body]
}
const statusOf = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status

describe('a revocation', () => {
  it('of a refresh token ends its session with all its access tokens', async () => {
    const first = await opened()
    const second = (await client.refresh(first.refresh_token)).body
    expect(await revoke(client, second.refresh_token)).toEqual([200, {}])
    expect(await Promise.all([first, second].map((it) => statusOf(it.access_token)))).toEqual([401, 401])
    expect((await client.refresh(second.refresh_token)).body.error).toBe('invalid_grant')
  })

  it('of a refresh token that was replaced before ends the session as well', async () => {
    const first = await opened()
    const second = (await client.refresh(first.refresh_token)).body
    expect(await revoke(client, first.refresh_token)).toEqual([200, {}])
    expect(await statusOf(second.access_token)).toBe(401)
  })

  it('of an access token ends that token alone', async () => {
    const first = await opened()
    const second = (await client.refresh(first.refresh_token)).body
    expect(await revoke(client, first.access_token)).toEqual([200, {}])
    expect(await Promise.all([first, second].map((it) => statusOf(it.access_token)))).toEqual([401, 200])
    expect((await client.refresh(second.refresh_token)).status).toBe(200)
  })

  it('of an access token ends those that were narrowed from it, not the one that it was narrowed from', async () => {
    const narrow = async (subject_token: string) =>
      (
        await client.post('/oauth2/token', {
          grant_type: tokenExchange,
          subject_token,
          subject_token_type: accessTokenType,
        })
      ).body.access_token
    const parent = (await opened()).access_token
    const child = await narrow(parent)
    const grandchild = await narrow(child)
    await revoke(client, child)
    expect(await Promise.all([parent, child, grandchild].map(statusOf))).toEqual([200, 401, 401])
  })

  it('of another client’s token says 200 and ends nothing', async () => {
    const { access_token, refresh_token } = await opened()
    const other = await newOAuthClient(gateway)
    for (const token of [access_token, refresh_token]) expect(await revoke(other, token)).toEqual([200, {}])
    expect(await statusOf(access_token)).toBe(200)
    expect((await client.refresh(refresh_token)).status).toBe(200)
  })

  it('says 200 of whatever it is given, twice too, and heeds no hint', async () => {
    const { access_token, refresh_token } = await opened()
    const texts = ['x', client.apiKey, access_token, access_token, refresh_token, refresh_token]
    for (const token of texts) {
      for (const token_type_hint of ['access_token', 'refresh_token', 'pigeon']) {
        expect(await revoke(client, token, { token_type_hint })).toEqual([200, {}])
      }
    }
    // An API key is no token: this is not the way to end it.
    expect((await client.post('/oauth2/revoke', { token: 'x' })).status).toBe(200)
  })

  it('is keyed by what the token says, not by how it is written', async () => {
    const { access_token } = await opened()
    await revoke(client, access_token)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const spellings = [...alphabet].map((last) => access_token.slice(0, -1) + last)
    expect(new Set(await Promise.all(spellings.map(statusOf)))).toEqual(new Set([401]))
  })

  it('holds for a token whose key is disabled meanwhile and enabled later', async () => {
    const other = await newOAuthClient(gateway)
    const { access_token } = await other.tokens()
    const asAdmin = async (act: string) =>
      gateway.call('POST', `/api/v1/keys/${other.keyId}/${act}`, { token: await gateway.accessToken() })
    await asAdmin('disable')
    expect((await revoke(other, access_token))[0]).toBe(401)
    await asAdmin('enable')
    gateway.pass(1)
    const { access_token: fresh } = await other.tokens()
    expect(await revoke(other, fresh)).toEqual([200, {}])
    expect(await statusOf(fresh)).toBe(401)
  })

  it('is possible when the quota of the key is used up', async () => {
    const spent = await newOAuthClient(gateway, { quota: 1 })
    const { refresh_token } = await spent.tokens({ scope: 'offline_access' })
    expect((await spent.refresh(refresh_token)).body.error).toBe('unauthorized_client')
    expect(await revoke(spent, refresh_token)).toEqual([200, {}])
    const [session] = await gateway.database.query('select revoked_at from sessions where id = $1', [
      refresh_token.slice(4, 36),
    ])
    expect(session?.['revoked_at']).not.toBeNull()
  })

  it('needs a client that shows itself, and a token', async () => {
    const anonymous = await gateway.call('POST', '/oauth2/revoke', { form: { token: 'x' } })
    expect([anonymous.status, anonymous.body.error]).toEqual([401, 'invalid_client'])
    const empty = await client.post('/oauth2/revoke', { token: '' })
    expect([empty.status, empty.body.error]).toEqual([400, 'invalid_request'])
  })

  it('of a token that is over changes nothing', async () => {
    const { access_token } = await opened()
    gateway.pass(3606)
    expect(await revoke(client, access_token)).toEqual([200, {}])
    const rows = await gateway.database.query('select 1 from revocations where subject = $1', [
      claimsOf(access_token)['jti'],
    ])
    expect(rows).toEqual([])
  })
})

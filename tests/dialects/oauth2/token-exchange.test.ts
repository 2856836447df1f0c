import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/call.ts'
import {
  accessTokenType,
  claimsOf,
  newOAuthClient,
  type OAuthClient,
  tokenExchange,
} from '../../support/oauth.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let subject: OAuthClient
let service: OAuthClient

beforeAll(async () => {
  gateway = await createTestGateway()
  subject = await newOAuthClient(gateway)
  service = await newOAuthClient(gateway)
})

afterAll(() => gateway.close())

const exchange = (
  client: OAuthClient,
  subjectToken: string,
  more: Record<string, string> = {},
): Promise<Answer> =>
  client.post('/oauth2/token', {
    grant_type: tokenExchange,
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    ...more,
  })
const acting = (token: string) => ({ actor_token: token, actor_token_type: accessTokenType })
const narrowed = async (client: OAuthClient, token: string, more = {}): Promise<string> => {
  const answer = await exchange(client, token, more)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body.access_token
}
const statusOf = async (token: string) => (await gateway.call('GET', '/api/v1/me', { token })).status
const asAdmin = async (method: string, path: string) =>
  gateway.call(method, path, { token: await gateway.accessToken(), json: {} })

describe('a token exchange', () => {
  it('brings a narrower token that speaks for the same subject', async () => {
    const { access_token } = await subject.tokens()
    const answer = await exchange(service, access_token, { scope: 'orders:read' })
    expect(answer.body).toEqual({
      access_token: expect.any(String),
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'orders:read',
    })
    const parent = claimsOf(access_token)
    expect(claimsOf(answer.body.access_token)).toEqual({
      ...parent,
      client_id: service.id,
      scope: 'orders:read',
      jti: expect.not.stringMatching(String(parent['jti'])),
      parents: [parent['jti']],
    })
    expect(await statusOf(answer.body.access_token)).toBe(200)
  })

  it('brings a token for one service of several, which another service cannot widen', async () => {
    const { access_token } = await subject.tokens()
    const orders = await narrowed(service, access_token, { audience: 'https://orders.test' })
    expect(claimsOf(orders)['aud']).toBe('https://orders.test')
    expect(await statusOf(orders)).toBe(401)
    const back = await exchange(service, orders, { audience: 'https://gateway.test' })
    expect([back.status, back.body.error]).toEqual([400, 'invalid_target'])
    expect(claimsOf(await narrowed(service, orders))['aud']).toBe('https://orders.test')
  })

  it('never brings more permissions than the token has', async () => {
    const { access_token } = await subject.tokens({ scope: 'orders:read' })
    const wider = await exchange(subject, access_token, { scope: 'orders:write' })
    expect([wider.status, wider.body.error]).toEqual([400, 'invalid_scope'])
    expect(claimsOf(await narrowed(subject, access_token))['scope']).toBe('orders:read')
  })

  it('brings a token that lives no longer than the one it comes from', async () => {
    const { access_token } = await subject.tokens()
    gateway.pass(3000)
    const { access_token: younger } = await service.tokens()
    expect((await exchange(service, access_token)).body.expires_in).toBe(600)
    expect(claimsOf(await narrowed(service, younger, acting(access_token)))['exp']).toBe(
      claimsOf(access_token)['exp'],
    )
    gateway.pass(599)
    const last = await exchange(service, access_token)
    expect([last.status, last.body.expires_in]).toEqual([200, 1])
    gateway.pass(1)
    const late = await exchange(service, access_token)
    expect([late.status, late.body.error]).toEqual([400, 'invalid_request'])
  })

  it('names the actor, and within it who acted before', async () => {
    const { access_token } = await subject.tokens()
    const second = await newOAuthClient(gateway)
    const first = await narrowed(service, access_token, acting((await service.tokens()).access_token))
    const then = await narrowed(second, first, acting((await second.tokens()).access_token))
    expect(claimsOf(then)).toMatchObject({
      sub: subject.id,
      client_id: second.id,
      act: { sub: second.id, key_id: second.keyId, act: { sub: service.id, key_id: service.keyId } },
    })
    expect(claimsOf(await narrowed(second, then))['act']).toEqual(claimsOf(then)['act'])
    expect(await statusOf(then)).toBe(200)
  })

  it('passes on a chain of eight tokens and no longer one', async () => {
    let { access_token } = await subject.tokens()
    for (let link = 0; link < 8; link++) access_token = await narrowed(subject, access_token)
    expect(await statusOf(access_token)).toBe(200)
    const ninth = await exchange(subject, access_token)
    expect([ninth.status, ninth.body.error]).toEqual([400, 'invalid_request'])
  })

  it('takes a token as a JWT too, and says which type it gives', async () => {
    const { access_token } = await subject.tokens()
    const jwt = 'urn:ietf:params:oauth:token-type:jwt'
    const answer = await exchange(subject, access_token, {
      subject_token_type: jwt,
      requested_token_type: jwt,
    })
    expect([answer.status, answer.body.issued_token_type]).toEqual([200, jwt])
  })

  it.each([
    ['no subject token', { subject_token: '' }],
    ['no type beside it', { subject_token_type: '' }],
    ['another type', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }],
    ['another type wished', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ['a subject token that is none', { subject_token: 'x' }],
    ['an actor token that is none', acting('x')],
    ['an actor token without its type', { actor_token: 'x' }],
    ['a type without an actor token', { actor_token_type: accessTokenType }],
  ])('with %s is invalid_request', async (_, change) => {
    const { access_token } = await subject.tokens()
    const answer = await exchange(service, access_token, change)
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request'])
  })

  it('does not take a refresh token or an API key for an access token', async () => {
    const { refresh_token } = await subject.tokens({ scope: 'offline_access' })
    for (const text of [refresh_token, subject.apiKey]) {
      expect((await exchange(subject, text)).body.error).toBe('invalid_request')
    }
  })

  it('needs a client that shows itself', async () => {
    const { access_token } = await subject.tokens()
    const answer = await gateway.call('POST', '/oauth2/token', {
      form: { grant_type: tokenExchange, subject_token: access_token, subject_token_type: accessTokenType },
    })
    expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
  })
})

describe('a narrowed token', () => {
  async function family() {
    const owner = await newOAuthClient(gateway)
    const actor = await newOAuthClient(gateway)
    const parent = (await owner.tokens()).access_token
    const acted = (await actor.tokens()).access_token
    const child = await narrowed(service, parent)
    const grandchild = await narrowed(service, child, acting(acted))
    const all = [parent, acted, child, grandchild]
    expect(await Promise.all(all.map(statusOf))).toEqual([200, 200, 200, 200])
    const idOf = (token: string, claim: string) => String(claimsOf(token)[claim])
    return { owner, actor, parent, acted, child, grandchild, idOf }
  }

  it.each([
    ['the token it comes from', 'DELETE', (f: Family) => `/tokens/${f.idOf(f.parent, 'jti')}`],
    ['the session', 'DELETE', (f: Family) => `/sessions/${f.idOf(f.parent, 'sid')}`],
    ['the key', 'DELETE', (f: Family) => `/keys/${f.owner.keyId}`],
    ['the client', 'POST', (f: Family) => `/clients/${f.owner.id}/cut-off`],
  ])('ends with %s, and so does what was narrowed from it', async (_, method, path) => {
    const all = await family()
    await asAdmin(method, `/api/v1${path(all)}`)
    const { parent, acted, child, grandchild } = all
    expect(await Promise.all([parent, acted, child, grandchild].map(statusOf))).toEqual([401, 200, 401, 401])
    expect((await exchange(service, child)).body.error).toBe('invalid_request')
  })

  it.each([
    ['token', 'DELETE', (f: Family) => `/tokens/${f.idOf(f.acted, 'jti')}`],
    ['session', 'DELETE', (f: Family) => `/sessions/${f.idOf(f.acted, 'sid')}`],
    ['key', 'DELETE', (f: Family) => `/keys/${f.actor.keyId}`],
    ['client', 'POST', (f: Family) => `/clients/${f.actor.id}/cut-off`],
  ])('ends with the %s of its actor, and nothing else does', async (_, method, path) => {
    const all = await family()
    await asAdmin(method, `/api/v1${path(all)}`)
    const { parent, acted, child, grandchild } = all
    expect(await Promise.all([parent, acted, child, grandchild].map(statusOf))).toEqual([200, 401, 200, 401])
  })

  it('counts on the limits and networks of the key that it comes from', async () => {
    const limited = await newOAuthClient(gateway, { rate_limit: { limit: 2, window_seconds: 60 } })
    const child = await narrowed(service, (await limited.tokens()).access_token)
    expect([await statusOf(child), await statusOf(child)]).toEqual([200, 429])
  })
})

type Family = {
  owner: OAuthClient
  actor: OAuthClient
  parent: string
  acted: string
  idOf: (token: string, claim: string) => string
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../../src/core/keys/api-key.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let clientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  admin = await gateway.accessToken()
  const client = await gateway.call('POST', '/api/v1/clients', { token: admin, json: { name: 'billing' } })
  clientId = client.body.data.id
})

afterAll(() => gateway.close())

async function newKey(wanted: object): Promise<{ id: string; api_key: string }> {
  const answer = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, {
    token: admin,
    json: { name: 'k', ...wanted },
  })
  return answer.body.data
}

const exchange = (apiKey: string) => gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })

describe('a rate limit', () => {
  it('counts the exchange and every call with its tokens, and says how much is left', async () => {
    const { api_key } = await newKey({ rate_limit: { limit: 3, window_seconds: 60 } })
    const first = await exchange(api_key)
    expect(first.headers.get('ratelimit-policy')).toBe('"key";q=3;w=60')
    expect(first.headers.get('ratelimit')).toBe('"key";r=2;t=20')
    const { access } = first.body.data
    expect((await me(access)).headers.get('ratelimit')).toBe('"key";r=1;t=40')
    expect((await me(access)).headers.get('ratelimit')).toBe('"key";r=0;t=60')
    const refused = await me(access)
    expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'rate_limited',
      '20',
    ])
    gateway.pass(19)
    expect((await me(access)).status).toBe(429)
    gateway.pass(1)
    expect((await me(access)).status).toBe(200)
    expect((await me(access)).status).toBe(429)
  })

  it('lets a steady caller pass that keeps within it', async () => {
    const { api_key } = await newKey({ rate_limit: { limit: 2, window_seconds: 10 } })
    for (let call = 0; call < 10; call++) {
      expect((await exchange(api_key)).status).toBe(200)
      gateway.pass(5)
    }
  })

  it('passes exactly ten of a hundred calls at once', async () => {
    const { api_key } = await newKey({ rate_limit: { limit: 11, window_seconds: 3600 } })
    const { access } = (await exchange(api_key)).body.data
    const calls = await Promise.all(Array.from({ length: 100 }, () => me(access)))
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(calls.filter(({ status }) => status === 429)).toHaveLength(90)
  })
})

describe('a quota', () => {
  it('of one is one success of fifty calls at once', async () => {
    const { api_key, id } = await newKey({ quota: 1 })
    const calls = await Promise.all(Array.from({ length: 50 }, () => exchange(api_key)))
    expect(calls.filter(({ status }) => status === 200)).toHaveLength(1)
    const refused = calls.filter(
      ({ status, body }) => status === 403 && body.error.code === 'quota_exhausted',
    )
    expect(refused).toHaveLength(49)
    expect(await gateway.database.query('select taken from key_quotas where key_id = $1', [id])).toEqual([
      { taken: '1' },
    ])
  })

  it('counts calls with tokens too', async () => {
    const { api_key } = await newKey({ quota: 2 })
    const { access } = (await exchange(api_key)).body.data
    expect((await me(access)).status).toBe(200)
    expect((await me(access)).status).toBe(403)
  })
})

describe('allowed networks', () => {
  it.each([
    [['192.0.2.0/24'], 200],
    [['198.51.100.0/24', '192.0.2.1/32'], 200],
    [['198.51.100.0/24'], 403],
    [['2001:db8::/32'], 403],
  ])('%j answer %i to 192.0.2.1', async (allowed_cidrs, status) => {
    const { api_key } = await newKey({ allowed_cidrs })
    expect((await exchange(api_key)).status).toBe(status)
  })

  it('hold for the tokens of a key as well, from the moment they are set', async () => {
    const { api_key, id } = await newKey({})
    const { access } = (await exchange(api_key)).body.data
    expect((await me(access)).status).toBe(200)
    await gateway.call('PATCH', `/api/v1/keys/${id}`, {
      token: admin,
      json: { allowed_cidrs: ['10.0.0.0/8'] },
    })
    const refused = await me(access)
    expect([refused.status, refused.body.error.code]).toEqual([403, 'address_not_allowed'])
  })

  it('must be networks', async () => {
    const answer = await gateway.call('POST', `/api/v1/clients/${clientId}/keys`, {
      token: admin,
      json: { name: 'k', allowed_cidrs: ['everywhere'] },
    })
    expect([answer.status, answer.body.error.details[0].field]).toEqual([400, 'allowed_cidrs'])
  })
})

describe('guessing', () => {
  it('is stopped after thirty wrong keys from one address, and goes on one a second', async () => {
    const { api_key } = await newKey({})
    const wrong = () => exchange(mintApiKeyText(gateway.world, 'gk'))
    // What cannot be a key is no guess.
    for (let slip = 0; slip < 40; slip++) expect((await exchange('gk_no')).status).toBe(401)
    const answers = []
    for (let guess = 0; guess < 31; guess++) answers.push((await wrong()).status)
    expect(answers).toEqual([...Array(30).fill(401), 429])
    const blocked = await exchange(api_key)
    expect([blocked.status, blocked.headers.get('retry-after')]).toEqual([429, '1'])
    gateway.pass(1)
    expect((await exchange(api_key)).status).toBe(200)
    expect((await wrong()).status).toBe(401)
    expect((await wrong()).status).toBe(429)
  })

  it('is one count for all spellings of the path, and its refusal says when to come again and which it was', async () => {
    gateway.pass(60)
    const wrong = (path: string) =>
      gateway.call('POST', path, { json: { apiKey: mintApiKeyText(gateway.world, 'gk') } })
    for (let guess = 0; guess < 30; guess++) {
      expect((await wrong(`/api/v1/auth/token${guess % 2 ? '/' : ''}`)).status).toBe(401)
    }
    for (const path of ['/api/v1/auth/token', '/api/v1/auth/token/']) {
      const { status, body, headers } = await wrong(path)
      expect([status, body.error.code, headers.get('retry-after')]).toEqual([429, 'rate_limited', '1'])
      expect(body.meta.request_id).toBe(headers.get('x-request-id'))
    }
  })
})

import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let admin: string
let clientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  admin = await gateway.accessToken()
  const client = await gateway.call('POST', '/api/v1/clients', {
    token: admin,
    json: { name: 'billing', permissions: ['orders:*', 'sessions:read'] },
  })
  clientId = client.body.data.id
})

afterAll(() => gateway.close())

const as =
  (token: string) =>
  (method: string, path: string, json?: unknown, headers = {}) =>
    gateway.call(method, `/api/v1${path}`, { token, json, headers })

async function newKey(wanted: object = {}, headers = {}) {
  const answer = await as(admin)('POST', `/clients/${clientId}/keys`, { name: 'k', ...wanted }, headers)
  expect(answer.status).toBe(201)
  return answer.body.data as { id: string; api_key: string; state: string }
}

const exchange = (apiKey: string) => gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
const refresh = (token: string) =>
  gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: token } })
const me = (token: string) => gateway.call('GET', '/api/v1/me', { token })
const outcome = (answer: { status: number; body: { error?: { code: string } } }) =>
  answer.body.error === undefined ? answer.status : `${answer.status} ${answer.body.error.code}`

describe('a key', () => {
  it('keeps what it was made with', async () => {
    const key = await newKey({
      expires_at: '2026-06-01T00:00:00+02:00',
      allowed_cidrs: ['192.0.2.0/24'],
      rate_limit: { limit: 10, window_seconds: 60 },
      quota: 1000,
      metadata: { team: 'ops', on: [1, 2] },
    })
    const seen = await as(admin)('GET', `/keys/${key.id}`)
    expect(seen.body.data).toMatchObject({
      state: 'active',
      expires_at: '2026-05-31T22:00:00.000Z',
      allowed_cidrs: ['192.0.2.0/24'],
      rate_limit: { limit: 10, window_seconds: 60 },
      quota: 1000,
      metadata: { team: 'ops', on: [1, 2] },
      usage: null,
    })
    expect(seen.text).not.toContain(key.api_key)
  })

  it('is changed field by field, and null empties a field', async () => {
    const key = await newKey({ quota: 5, metadata: { a: 1 } })
    const first = await as(admin)('PATCH', `/keys/${key.id}`, { name: 'new name', quota: null })
    expect(first.body.data).toMatchObject({ name: 'new name', quota: null, metadata: { a: 1 } })
    const second = await as(admin)('PATCH', `/keys/${key.id}`, { metadata: {} })
    expect(second.body.data).toMatchObject({ name: 'new name', metadata: {} })
  })

  it('never gets more than its client has', async () => {
    const key = await newKey()
    const answer = await as(admin)('PATCH', `/keys/${key.id}`, { permissions: ['invoices:read'] })
    expect(outcome(answer)).toBe('400 permissions_exceed_client')
  })

  it('takes its live tokens along when it loses permissions', async () => {
    const key = await newKey()
    const tokens = (await exchange(key.api_key)).body.data
    await as(admin)('PATCH', `/keys/${key.id}`, { permissions: ['orders:read'] })
    expect(outcome(await me(tokens.access))).toBe('401 token_revoked')
    gateway.pass(1)
    const renewed = await refresh(tokens.refresh)
    expect(decodeJwt(renewed.body.data.access)['scope']).toBe('orders:read')
    expect(outcome(await me(renewed.body.data.access))).toBe(200)
  })

  it('stops while it is disabled, and works again when it is enabled', async () => {
    const key = await newKey()
    const { access, refresh: refreshToken } = (await exchange(key.api_key)).body.data
    expect((await as(admin)('POST', `/keys/${key.id}/disable`)).body.data.state).toBe('disabled')
    expect(outcome(await exchange(key.api_key))).toBe('401 api_key_disabled')
    expect(outcome(await refresh(refreshToken))).toBe('401 api_key_disabled')
    expect(outcome(await me(access))).toBe('401 token_revoked')
    expect((await as(admin)('POST', `/keys/${key.id}/enable`)).body.data.state).toBe('active')
    gateway.pass(1)
    expect(outcome(await refresh(refreshToken))).toBe(200)
    expect(outcome(await exchange(key.api_key))).toBe(200)
    expect(outcome(await me(access))).toBe('401 token_revoked')
  })

  it('is revoked with a reason, once', async () => {
    const key = await newKey()
    const { access } = (await exchange(key.api_key)).body.data
    const revoked = await as(admin)('POST', `/keys/${key.id}/revoke`, { reason: 'found in a log' })
    expect(revoked.body.data).toMatchObject({ state: 'revoked', revoked_reason: 'found in a log' })
    const again = await as(admin)('POST', `/keys/${key.id}/revoke`, { reason: 'other' })
    expect(again.body.data).toEqual(revoked.body.data)
    expect(outcome(await me(access))).toBe('401 token_revoked')
    expect(outcome(await as(admin)('POST', `/keys/${key.id}/enable`))).toBe('409 key_not_current')
  })

  it('can be killed by whoever shows it, and by no one else without a token', async () => {
    const key = await newKey()
    const other = await newKey()
    const path = `/api/v1/keys/${key.id}/revoke`
    expect(outcome(await gateway.call('POST', path, { json: {} }))).toBe('401 missing_token')
    const wrong = await gateway.call('POST', path, { json: { apiKey: other.api_key } })
    expect(outcome(wrong)).toBe('401 invalid_api_key')
    const { access } = (await exchange(key.api_key)).body.data
    expect(outcome(await gateway.call('POST', path, { token: access, json: {} }))).toBe(
      '403 insufficient_permissions',
    )
    const shown = await gateway.call('POST', path, { json: { apiKey: key.api_key } })
    expect(shown.body.data).toMatchObject({ state: 'revoked', revoked_reason: 'surrendered' })
    expect(outcome(await exchange(other.api_key))).toBe(200)
  })

  it('goes with its record when it is purged, and its tokens with it', async () => {
    const key = await newKey()
    const { access, refresh: refreshToken } = (await exchange(key.api_key)).body.data
    expect((await as(admin)('DELETE', `/keys/${key.id}?purge=true`)).status).toBe(200)
    expect(outcome(await as(admin)('GET', `/keys/${key.id}`))).toBe('404 key_not_found')
    expect(outcome(await me(access))).toBe('401 token_revoked')
    expect(outcome(await refresh(refreshToken))).toBe('401 invalid_refresh_token')
    expect(outcome(await exchange(key.api_key))).toBe('401 invalid_api_key')
  })

  it('never lets a token outlive it', async () => {
    const key = await newKey({ expires_at: '2026-01-01T00:30:00Z' })
    const { access_expire, refresh_expire, refresh: token } = (await exchange(key.api_key)).body.data
    expect([access_expire, refresh_expire]).toEqual(['2026-01-01T00:30:00Z', '2026-01-01T00:30:00Z'])
    gateway.pass(1800)
    expect(outcome(await exchange(key.api_key))).toBe('401 api_key_expired')
    expect(outcome(await refresh(token))).toBe('401 api_key_expired')
    admin = await gateway.accessToken()
  })
})

describe('an Idempotency-Key', () => {
  it('gets the same answer again, the secret included, for ten minutes', async () => {
    const headers = { 'Idempotency-Key': 'order-1' }
    const wanted = { name: 'once', quota: 3 }
    const first = await newKey(wanted, headers)
    expect(await newKey(wanted, headers)).toEqual(first)
    gateway.pass(599)
    expect(await newKey(wanted, headers)).toEqual(first)
    gateway.pass(1)
    expect((await newKey(wanted, headers)).id).not.toBe(first.id)
  })

  it('is refused for another request', async () => {
    const headers = { 'Idempotency-Key': 'order-2' }
    await newKey({ name: 'one' }, headers)
    const other = await as(admin)('POST', `/clients/${clientId}/keys`, { name: 'two' }, headers)
    expect(outcome(other)).toBe('409 idempotency_key_reused')
  })

  it('makes one key of twenty calls at once', async () => {
    const headers = { 'Idempotency-Key': 'order-3' }
    const keys = await Promise.all(Array.from({ length: 20 }, () => newKey({ name: 'burst' }, headers)))
    expect(new Set(keys.map((key) => key.api_key)).size).toBe(1)
  })

  it('keeps no secret in the open', async () => {
    const { api_key } = await newKey({}, { 'Idempotency-Key': 'order-4' })
    const rows = await gateway.database.query('select * from replays')
    expect(JSON.stringify(rows)).not.toContain(api_key)
  })
})

describe('a rotation', () => {
  it('lets the old key work through the overlap, with a word about its end, and not a second longer', async () => {
    const key = await newKey({ metadata: { team: 'ops' } })
    const { access } = (await exchange(key.api_key)).body.data
    const rotated = await as(admin)('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 600 })
    expect(rotated.status).toBe(201)
    const successor = rotated.body.data
    expect(successor).toMatchObject({ state: 'active', metadata: { team: 'ops' } })

    const used = await exchange(key.api_key)
    expect(used.status).toBe(200)
    expect(used.headers.get('deprecation')).toMatch(/^@\d+$/)
    expect(new Date(used.headers.get('sunset')!).getTime()).toBeGreaterThan(0)
    expect(used.headers.get('link')).toBe(`</api/v1/keys/${successor.id}>; rel="successor-version"`)
    expect(used.body.meta.warnings[0].code).toBe('api_key_retiring')
    expect((await me(access)).headers.get('sunset')).toBe(used.headers.get('sunset'))
    expect((await exchange(successor.api_key)).headers.get('deprecation')).toBeNull()

    gateway.pass(599)
    expect(outcome(await exchange(key.api_key))).toBe(200)
    gateway.pass(1)
    expect(outcome(await exchange(key.api_key))).toBe('401 api_key_retired')
    expect(outcome(await me(access))).toBe('401 token_revoked')
    expect(outcome(await exchange(successor.api_key))).toBe(200)
  })

  it('makes one successor of two rotations at once', async () => {
    const key = await newKey()
    const both = await Promise.all([1, 2].map(() => as(admin)('POST', `/keys/${key.id}/rotate`, {})))
    expect(both.map(outcome).toSorted()).toEqual([201, '409 key_not_current'])
  })

  it('is not ended early while the old key is in use, unless forced', async () => {
    const key = await newKey()
    await as(admin)('POST', `/keys/${key.id}/rotate`, {})
    await exchange(key.api_key)
    await gateway.flushUsage()
    const seen = await as(admin)('GET', `/keys/${key.id}`)
    expect(seen.body.data).toMatchObject({
      state: 'retiring',
      usage: { count: 1, last_address: '192.0.2.1', last_user_agent: null },
    })
    expect(outcome(await as(admin)('POST', `/keys/${key.id}/retire`, {}))).toBe('409 key_in_use')
    const forced = await as(admin)('POST', `/keys/${key.id}/retire`, { force: true })
    expect(forced.body.data.state).toBe('retired')
    expect(outcome(await exchange(key.api_key))).toBe('401 api_key_retired')
  })

  it('never lasts past the end of the key itself', async () => {
    const end = new Date(gateway.world.now().getTime() + 60_000)
    const key = await newKey({ expires_at: end.toISOString() })
    await as(admin)('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 3600 })
    gateway.pass(60)
    expect(outcome(await exchange(key.api_key))).toBe('401 api_key_expired')
  })

  it('refuses an overlap of more than ninety days', async () => {
    const key = await newKey()
    const answer = await as(admin)('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 90 * 86_400 + 1 })
    expect(outcome(answer)).toBe('400 invalid_request')
  })
})

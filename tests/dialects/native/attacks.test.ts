import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metadata } from '../../../src/dialects/native/schemas.ts'
import type { Answer, Call } from '../../support/call.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let adminClientId: string

beforeAll(async () => {
  gateway = await createTestGateway()
  adminClientId = String(decodeJwt(await gateway.accessToken())['client_id'])
})

afterAll(() => gateway.close())

const outcome = ({ status, body }: Answer) => (status < 300 ? status : `${status} ${body.error.code}`)

async function as(narrowing: object, method: string, path: string, options: Omit<Call, 'token'> = {}) {
  const token = await gateway.accessToken(gateway.adminKey, narrowing)
  return gateway.call(method, `/api/v1${path}`, { token, ...options })
}

const asAdmin = (method: string, path: string, json?: unknown) =>
  as({}, method, path, json === undefined ? {} : { json })

async function newKey(wanted: object = {}, headers = {}): Promise<{ id: string; api_key: string }> {
  const json = { name: 'k', ...wanted }
  return (await as({}, 'POST', `/clients/${adminClientId}/keys`, { json, headers })).body.data
}

describe('a token that may only write keys', () => {
  const writer = { permissions: ['keys:write'] }

  it('gets no stronger key by repeating the call that made it', async () => {
    const headers = { 'Idempotency-Key': 'deploy-1' }
    await newKey({}, headers)
    const repeated = await as(writer, 'POST', `/clients/${adminClientId}/keys`, {
      json: { name: 'k' },
      headers,
    })
    expect(outcome(repeated)).toBe('403 permissions_not_held')
  })

  it('wakes no key that may do more, and lifts none of its limits', async () => {
    const { id } = await newKey({ allowed_cidrs: ['198.51.100.0/24'] })
    await asAdmin('POST', `/keys/${id}/disable`)
    expect(outcome(await as(writer, 'POST', `/keys/${id}/enable`))).toBe('403 permissions_not_held')
    const lifted = await as(writer, 'PATCH', `/keys/${id}`, { json: { allowed_cidrs: [] } })
    expect(outcome(lifted)).toBe('403 permissions_not_held')
    expect(outcome(await as(writer, 'DELETE', `/keys/${id}`))).toBe(200)
  })
})

describe('an explanation of another moment', () => {
  it('leaves nothing behind in what this moment remembers', async () => {
    const { id, api_key } = await newKey()
    const token = await gateway.accessToken(api_key)
    await asAdmin('POST', '/explain', { key_id: id, path: '/', at: '9999-12-31T00:00:00Z' })
    await asAdmin('POST', '/explain', { token, path: '/', at: '9999-12-31T00:00:00Z' })
    await asAdmin('PATCH', `/keys/${id}`, { allowed_cidrs: ['198.51.100.0/24'] })
    expect(outcome(await gateway.call('GET', '/api/v1/me', { token }))).toBe('403 address_not_allowed')
  })

  it('tells that a bait never works', async () => {
    const { id } = await newKey({ canary: true })
    const { body } = await asAdmin('POST', '/explain', { key_id: id, path: '/api/v1/me' })
    expect([body.data.verdict, body.data.code]).toEqual(['refused', 'invalid_api_key'])
  })
})

describe('a dead key that is shown again and again', () => {
  it('writes nothing, and fifty at once are answered alike', async () => {
    const { id, api_key } = await newKey()
    const show = () => gateway.call('POST', `/api/v1/keys/${id}/revoke`, { json: { apiKey: api_key } })
    expect(outcome(await show())).toBe(200)
    const versions = () => gateway.database.query('select version from api_keys where id = $1', [id])
    const before = await versions()
    const answers = await Promise.all(Array.from({ length: 50 }, show))
    expect(new Set(answers.map(outcome))).toEqual(new Set([200]))
    expect(await versions()).toEqual(before)
  })

  it('is revoked once when fifty show it at once', async () => {
    const { id, api_key } = await newKey()
    const show = () => gateway.call('POST', `/api/v1/keys/${id}/revoke`, { json: { apiKey: api_key } })
    const answers = await Promise.all(Array.from({ length: 50 }, show))
    expect(new Set(answers.map(outcome))).toEqual(new Set([200]))
  })
})

describe('what a database cannot hold', () => {
  const deep = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)

  it.each<[string, object]>([
    ['NUL in metadata', { metadata: { a: 'x\0y' } }],
    ['NUL in a name of metadata', { metadata: { 'a\0': 1 } }],
    ['half a character in metadata', { metadata: { a: '\ud800' } }],
    ['a time before all times', { expires_at: '0000-01-01T00:00:00Z' }],
  ])('is refused: %s', async (_what, wanted) => {
    const answer = await asAdmin('POST', `/clients/${adminClientId}/keys`, { name: 'k', ...wanted })
    expect(outcome(answer)).toBe('400 invalid_request')
  })

  it('is refused when it nests without a bottom', () => {
    expect(metadata.safeParse({ a: deep(30_000) }).success).toBe(false)
    expect(metadata.safeParse({ a: deep(30) }).success).toBe(true)
  })

  it('is refused in a reason and in a filter', async () => {
    const { id, api_key } = await newKey()
    const revoke = await gateway.call('POST', `/api/v1/keys/${id}/revoke`, {
      json: { apiKey: api_key, reason: 'a\0b' },
    })
    expect(outcome(revoke)).toBe('400 invalid_request')
    for (const query of ['request_id=%00', 'from=0000-01-01T00:00:00Z']) {
      expect(outcome(await asAdmin('GET', `/audit?${query}`))).toBe('400 invalid_request')
    }
  })
})

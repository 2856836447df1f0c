import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../support/call.ts'
import { createTestGateway, type TestGateway } from '../../support/test-gateway.ts'

let gateway: TestGateway
let clientId: string
let apiKey: string

beforeAll(async () => {
  gateway = await createTestGateway()
  const client = await asAdmin('POST', '/clients', { name: 'billing' })
  clientId = client.body.data.id
  const key = await asAdmin('POST', `/clients/${clientId}/keys`, { name: 'k' })
  apiKey = key.body.data.api_key
})

afterAll(() => gateway.close())

async function asAdmin(method: string, path: string, json?: unknown): Promise<Answer> {
  const token = await gateway.accessToken()
  return gateway.call(method, `/api/v1${path}`, { token, ...(json !== undefined && { json }) })
}

async function exchange() {
  const { body } = await gateway.call('POST', '/api/v1/auth/token', { json: { apiKey } })
  return { ...body.data, claims: decodeJwt(body.data.access) } as {
    access: string
    refresh: string
    claims: { sid: string; jti: string }
  }
}

const outcome = ({ status, body }: Answer) => (status < 300 ? status : `${status} ${body.error.code}`)
const me = async (token: string) => outcome(await gateway.call('GET', '/api/v1/me', { token }))
const refresh = async (token: string) =>
  outcome(await gateway.call('POST', '/api/v1/auth/token/refresh', { json: { refresh: token } }))

describe('ending a session', () => {
  it('ends its refresh token and its access tokens, and no other session', async () => {
    const [ended, other] = [await exchange(), await exchange()]
    const answer = await asAdmin('DELETE', `/sessions/${ended.claims.sid}`)
    expect(answer.body.data).toMatchObject({ id: ended.claims.sid, revoked_at: expect.any(String) })
    expect([await me(ended.access), await refresh(ended.refresh)]).toEqual([
      '401 token_revoked',
      '401 session_revoked',
    ])
    expect([await me(other.access), await refresh(other.refresh)]).toEqual([200, 200])
    const live = await asAdmin('GET', `/sessions?client_id=${clientId}&limit=200`)
    const ids = live.body.data.items.map(({ id }: { id: string }) => id)
    expect(ids).toContain(other.claims.sid)
    expect(ids).not.toContain(ended.claims.sid)
  })

  it('of nobody is a 404', async () => {
    expect(outcome(await asAdmin('DELETE', `/sessions/${crypto.randomUUID()}`))).toBe('404 session_not_found')
  })
})

describe('ending a token', () => {
  it('ends that one alone: its session mints others', async () => {
    const { access, refresh: refreshToken, claims } = await exchange()
    await asAdmin('DELETE', `/tokens/${claims.jti}`)
    expect([await me(access), await refresh(refreshToken)]).toEqual(['401 token_revoked', 200])
  })

  it('ends every spelling of it', async () => {
    const { access, claims } = await exchange()
    // The last character of a signature in base64url carries four bits that decode to nothing.
    const [last = ''] = access.slice(-1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = access.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1]
    expect([await me(access), await me(twin)]).toEqual([200, 200])
    await asAdmin('DELETE', `/tokens/${claims.jti}`)
    expect([await me(access), await me(twin)]).toEqual(['401 token_revoked', '401 token_revoked'])
  })
})

describe('cutting a client off', () => {
  it('ends what was issued before, and leaves its keys good for new tokens', async () => {
    const { access, refresh: refreshToken } = await exchange()
    expect((await asAdmin('POST', `/clients/${clientId}/cut-off`)).status).toBe(200)
    expect([await me(access), await refresh(refreshToken)]).toEqual([
      '401 token_revoked',
      '401 session_revoked',
    ])
    gateway.pass(1)
    const fresh = await exchange()
    expect([await me(fresh.access), await refresh(fresh.refresh)]).toEqual([200, 200])
  })
})

describe('a revocation feed that brings nothing', () => {
  it('is trusted for as long as the policy says, and then no token is, until it is back', async () => {
    const { access } = await exchange()
    gateway.passUnheard(300)
    expect(await me(access)).toBe(200)
    gateway.passUnheard(1)
    const refused = await gateway.call('GET', '/api/v1/me', { token: access })
    expect(outcome(refused)).toBe('503 revocations_unknown')
    expect(refused.headers.get('retry-after')).toBe('2')
    gateway.pass(0)
    expect(await me(access)).toBe(200)
  })

  it('takes the instance out of service long before that', async () => {
    const ready = async () => outcome(await gateway.call('GET', '/health/ready'))
    gateway.pass(0)
    gateway.passUnheard(15)
    expect(await ready()).toBe(200)
    gateway.passUnheard(1)
    expect(await ready()).toBe('503 revocations_unknown')
    gateway.pass(0)
  })
})

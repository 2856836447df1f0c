import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const routes = [
  { path: '/orders/*', permissions: ['orders:read'], identity_token: { audience: 'https://orders' } },
  {
    path: '/wide/*',
    permissions: ['orders:read', 'orders:write'],
    identity_token: { audience: 'https://orders' },
  },
  { path: '/stock/*', permissions: ['orders:read'], identity_token: { audience: 'https://stock' } },
  {
    path: '/keys/*',
    permissions: ['orders:write'],
    credentials: ['api_key'],
    mode: 'shadow',
    identity_token: { audience: 'https://orders' },
  },
]

let gateway: TestGateway
let admin: string

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
  admin = await gateway.accessToken()
})

afterAll(() => gateway?.close())

/** The short token that goes with a call, as the proxy that asked is given it. */
async function handedOn(path: string, credential: Readonly<Record<string, string>>): Promise<string> {
  const question = { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Host': 'api.test', 'X-Forwarded-Uri': path }
  const { status, headers } = await gateway.call('GET', '/authz/forward-auth', {
    headers: { ...question, ...credential },
  })
  expect([path, status]).toEqual([path, 200])
  return headers.get('authorization')!.replace('Bearer ', '')
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

let clients = 0

async function newKey(permissions: readonly string[]) {
  clients++
  const json = { name: `client-${clients}`, permissions }
  const client = await gateway.call('POST', '/api/v1/clients', { token: admin, json })
  const id: string = client.body.data.id
  const key = await gateway.call('POST', `/api/v1/clients/${id}/keys`, { token: admin, json })
  return { clientId: id, keyId: key.body.data.id as string, apiKey: key.body.data.api_key as string }
}

describe('the short token of an upstream', () => {
  it("is never another caller's, another upstream's or another route's, however they alternate", async () => {
    const keys = await Promise.all([1, 2, 3].map(() => newKey(['orders:*'])))
    const tokens = await Promise.all(
      keys.flatMap(({ clientId, apiKey }) =>
        // Two sessions of one key are two callers to whoever revokes one of them.
        [1, 2].map(async () => ({ clientId, token: await gateway.accessToken(apiKey) })),
      ),
    )
    const calls = tokens.flatMap((caller) =>
      ['/orders/1', '/wide/1', '/stock/1'].map((path) => ({ ...caller, path })),
    )
    const rounds = [...calls, ...calls.toReversed(), ...calls]
    const shown = await Promise.all(
      rounds.map(async ({ path, token, clientId }) => ({
        path,
        token,
        clientId,
        claims: decodeJwt(await handedOn(path, bearer(token))),
      })),
    )
    for (const { path, token, clientId, claims } of shown) {
      expect(claims).toMatchObject({
        sub: clientId,
        sid: decodeJwt(token)['sid'],
        aud: path === '/stock/1' ? 'https://stock' : 'https://orders',
        scope: path === '/wide/1' ? 'orders:read orders:write' : 'orders:read',
      })
    }
    // Each was minted once.
    expect(new Set(shown.map(({ claims }) => claims.jti)).size).toBe(calls.length)
  })

  it('follows the permissions of a key that speaks for itself', async () => {
    const { keyId, apiKey } = await newKey(['orders:read', 'orders:write'])
    const scope = async () => decodeJwt(await handedOn('/keys/1', { 'X-API-Key': apiKey }))['scope']
    expect(await scope()).toBe('orders:write')
    const json = { permissions: ['orders:read'] }
    expect((await gateway.call('PATCH', `/api/v1/keys/${keyId}`, { token: admin, json })).status).toBe(200)
    expect(await scope()).toBe('')
  })

  it('is minted anew when the key that signed it is withdrawn', async () => {
    const { apiKey } = await newKey(['orders:write'])
    const kid = async () => decodeProtectedHeader(await handedOn('/keys/1', { 'X-API-Key': apiKey })).kid
    const before = await kid()
    expect(await kid()).toBe(before)
    const json = { now: true }
    await gateway.call('POST', '/api/v1/signing-keys/rotate', { token: admin, json })
    expect(await kid()).not.toBe(before)
    admin = await gateway.accessToken()
  })

  it('is minted anew before it ends, and ends with the token that it was made for', async () => {
    const { apiKey } = await newKey(['orders:read'])
    const token = await gateway.accessToken(apiKey, { expires_in: 90 })
    const end = decodeJwt(token).exp!
    const first = decodeJwt(await handedOn('/orders/1', bearer(token)))
    gateway.pass(39)
    expect(decodeJwt(await handedOn('/orders/1', bearer(token))).jti).toBe(first.jti)
    gateway.pass(1)
    const second = decodeJwt(await handedOn('/orders/1', bearer(token)))
    expect([second.jti === first.jti, second.exp! <= end, second.exp! - second.iat! <= 60]).toEqual([
      false,
      true,
      true,
    ])
    // A clock that is set back makes none of them live longer.
    gateway.pass(-120)
    expect(decodeJwt(await handedOn('/orders/1', bearer(token))).jti).not.toBe(second.jti)
  })
})

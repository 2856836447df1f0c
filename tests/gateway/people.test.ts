import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { aPerson, type PersonSeen, signedIn, withRole } from '../support/people.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const routes = [
  { path: '/orders/*', permissions: ['orders:read'] },
  { path: '/told/*', permissions: ['orders:read'], identity_token: { audience: 'https://told' } },
  { path: '/slow/*', rate_limit: { limit: 1, window_seconds: 3600 } },
  { path: '/keys/*', credentials: ['api_key'] },
]

let gateway: TestGateway
let ada: PersonSeen
let token: string

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
  ada = await aPerson(gateway)
  await withRole(gateway, ada, ['orders:read'])
  token = (await signedIn(gateway, ada)).access
})
afterAll(() => gateway.close())

const ask = (path: string, shown = token) =>
  gateway.call('GET', '/authz/forward-auth', {
    token: shown,
    headers: { 'X-Forwarded-Method': 'GET', 'X-Forwarded-Host': 'api.test', 'X-Forwarded-Uri': path },
  })

describe('a person who calls an API behind the gateway', () => {
  it('is named by their id, with our own client and no key', async () => {
    const { headers, status } = await ask('/orders/7')
    expect(status).toBe(200)
    const told = ['subject', 'client', 'key-id', 'scope', 'session'].map((name) =>
      headers.get(`x-auth-${name}`),
    )
    expect(told).toEqual([ada.id, 'guichet', '', 'orders:read', decodeJwt(token)['sid']])
    expect(gateway.requestLines.at(-1)).toMatchObject({
      userId: ada.id,
      clientId: undefined,
      keyId: undefined,
    })
  })

  it('is told of in a short token, with how they signed in', async () => {
    const { headers } = await ask('/told/7')
    const claims = decodeJwt(headers.get('authorization')?.slice('Bearer '.length) ?? '')
    expect(claims).toMatchObject({
      sub: ada.id,
      client_id: 'guichet',
      aud: 'https://told',
      aal: 1,
      amr: ['pwd'],
    })
    expect(claims).not.toHaveProperty('key_id')
  })

  it('has a bucket of their own at the limit of a route', async () => {
    const bob = (await signedIn(gateway, await aPerson(gateway))).access
    const machine = await gateway.accessToken()
    for (const shown of [token, bob, machine]) {
      expect([(await ask('/slow/1', shown)).status, (await ask('/slow/1', shown)).status]).toEqual([200, 429])
    }
  })

  it('is refused where only keys are taken, and when the account is closed', async () => {
    expect((await ask('/keys/1')).status).toBe(401)
    const closed = await aPerson(gateway)
    const { access } = await signedIn(gateway, closed)
    expect((await ask('/slow/2', access)).status).toBe(200)
    await gateway.database.query(`update users set disabled_at = now() where id_user = '${closed.id}'`)
    gateway.memory.people.forget(closed.id)
    expect((await ask('/slow/2', access)).status).toBe(401)
  })

  it('has no standing left for a stream when the account is closed', async () => {
    const person = await aPerson(gateway)
    const { access } = await signedIn(gateway, person)
    const caller = { address: undefined, userAgent: undefined, requestId: 'r' }
    const admitted = await gateway.service.admit(access, caller)
    if (!admitted.ok) throw new Error('Not admitted.')
    const { principal } = admitted.value
    expect(await gateway.service.standing(principal)).toBe('good')
    await gateway.database.query(`update users set deleted_at = now() where id_user = '${person.id}'`)
    gateway.memory.people.forget(person.id)
    expect(await gateway.service.standing(principal)).toBe('revoked')
  })
})

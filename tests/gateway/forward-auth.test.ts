import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { openRelay, type Relay } from '../hostile/relay.ts'
import {
  type AskedCall,
  type Asker,
  ask as askAs,
  askers,
  identityNames,
  identityOf,
  verdict,
} from '../support/asking-proxies.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const routes = [
  { path: '/open/*', public: true },
  { path: '/orders/*', methods: ['GET'], permissions: ['orders:read'] },
  { path: '/orders/*', methods: ['DELETE'], permissions: ['orders:write'], name: 'orders-write' },
  { path: '/told/*', permissions: ['orders:read'], identity_token: { audience: 'https://told' } },
  {
    path: '/watched/*',
    permissions: ['none:such'],
    mode: 'shadow',
    identity_token: { audience: 'https://watched' },
  },
  { path: '/slow/*', rate_limit: { limit: 1, window_seconds: 3600 } },
  { path: '/keys/*', credentials: ['api_key'] },
  { path: '/*', hosts: ['admin.test'], permissions: ['admin:all'], name: 'admin' },
  { path: '/mine/*', permissions: ['orders:read'] },
  // What a closed rule does not take falls here.
  { path: '/leak/*', methods: ['GET'], permissions: ['none:such'], name: 'leak-get' },
  { path: '/leak/*', public: true, name: 'leak-any' },
]

let database: TestDatabase
let relay: Relay
let gateway: TestGateway
let apiKey: string
let token: string

beforeAll(async () => {
  database = await migratedDatabase()
  relay = await openRelay(database.url)
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({
    rules: rules.value,
    trustsPeer: true,
    database: { ...database, url: relay.url },
  })
  const admin = await gateway.accessToken()
  const json = { name: 'client', permissions: ['orders:read'] }
  const client = await gateway.call('POST', '/api/v1/clients', { token: admin, json })
  const path = `/api/v1/clients/${client.body.data.id}/keys`
  apiKey = (await gateway.call('POST', path, { token: admin, json })).body.data.api_key
  token = await gateway.accessToken(apiKey)
})

afterAll(async () => {
  await gateway?.close()
  await relay?.close()
  await database?.drop()
})

const ask = (asker: Asker, call: AskedCall) => askAs(gateway, asker, call)

describe.each(askers)('the answer to %s', (asker) => {
  it('names the caller in full, and nobody where nobody is known', async () => {
    const known = await ask(asker, { uri: '/orders/1', token })
    const { sub, client_id, key_id, scope, sid } = decodeJwt(token)
    expect([known.status, identityOf(known)]).toEqual([200, [sub, client_id, key_id, scope, sid]])
    expect(known.headers.get('x-request-id')).toMatch(/./)
    expect([known.headers.get('authorization'), known.text]).toEqual([null, ''])
    const forged = Object.fromEntries(identityNames.map((name) => [name, 'root']))
    const stranger = await ask(asker, { uri: '/open/1', token, headers: forged })
    expect([stranger.status, identityOf(stranger)]).toEqual([200, ['', '', '', '', '']])
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY'])(
    'is no to %s without a token, and names nobody',
    async (method) => {
      for (const uri of ['/mine/1', '/orders/1', '/nowhere', '/']) {
        const answer = await ask(asker, { method, uri, headers: { 'X-Auth-Subject': 'root' } })
        expect([uri, answer.status, identityOf(answer)]).toEqual([uri, 401, Array(5).fill(null)])
        expect(answer.headers.get('location')).toBeNull()
        expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      }
    },
  )

  it('depends on method, host and path', async () => {
    const of = async (call: AskedCall) => verdict(await ask(asker, { token, ...call }))
    expect(await of({ uri: '/orders/1' })).toBe(200)
    expect(await of({ uri: '/orders/1', method: 'HEAD' })).toBe(200)
    expect(await of({ uri: '/orders/1', method: 'DELETE' })).toBe(403)
    expect(await of({ uri: '/orders/1', method: 'POST' })).toBe(405)
    expect(await of({ uri: '/nowhere' })).toBe(404)
    expect(await of({ uri: '/mine/1' })).toBe(200)
    for (const host of ['admin.test', 'ADMIN.test.', 'admin.test:8443'])
      expect([host, await of({ uri: '/mine/1', host })]).toEqual([host, 403])
  })

  it.each(['admin.test:x', 'admin.test, api.test', 'a@admin.test', 'admin.test..', '', ' '])(
    'is no where the host is %j, which a proxy may read otherwise',
    async (host) => {
      expect([400, 403]).toContain(verdict(await ask(asker, { uri: '/mine/1', host, token })))
    },
  )

  it('is no to paths that could be two', async () => {
    const uris = [
      '//open',
      '/open/%2e%2e%2fadmin',
      '/open;/x',
      '/open/%252e%252e/x',
      '/open/%25zz/%252f',
      '/open/%00',
    ]
    for (const uri of uris) expect([uri, verdict(await ask(asker, { uri, token }))]).toEqual([uri, 400])
  })

  it('takes no token from the query or a cookie, and none twice', async () => {
    const shown = [
      { uri: `/mine/1?access_token=${token}&token=${token}` },
      { uri: '/mine/1', headers: { Cookie: `access_token=${token}; Authorization=Bearer%20${token}` } },
      {
        uri: '/mine/1',
        headers: { 'X-Forwarded-Authorization': `Bearer ${token}`, 'X-Access-Token': token },
      },
      { uri: '/mine/1', headers: { 'X-API-Key': apiKey } },
    ]
    for (const call of shown) expect((await ask(asker, call)).status).toBe(401)
    const twice = await ask(asker, {
      uri: '/mine/1',
      headers: { Authorization: `Bearer ${token}, Bearer ${token}` },
    })
    expect([400, 401]).toContain(verdict(twice))
  })

  it('hands on a short token for the upstream alone, with no scope that the caller lacks', async () => {
    const told = await ask(asker, { uri: '/told/1', token })
    const claims = decodeJwt(told.headers.get('authorization')!.replace('Bearer ', ''))
    expect(claims).toMatchObject({ aud: 'https://told', scope: 'orders:read' })
    const watched = await ask(asker, { uri: '/watched/1', token })
    expect(watched.status).toBe(200)
    // The rule only watches; its upstream may well look.
    expect(decodeJwt(watched.headers.get('authorization')!.replace('Bearer ', ''))['scope']).toBe('')
    const stranger = await ask(asker, { uri: '/watched/1' })
    expect([stranger.status, stranger.headers.get('authorization'), identityOf(stranger)]).toEqual([
      200,
      null,
      ['', '', '', '', ''],
    ])
    expect(gateway.requestLines.at(-1)).toMatchObject({ rule: '/watched/*', shadowed: 'credential_missing' })
  })

  it('admits a key where the rule takes keys', async () => {
    const answer = await ask(asker, { uri: '/keys/1', headers: { 'X-API-Key': apiKey } })
    expect([answer.status, answer.headers.get('x-auth-session')]).toEqual([200, ''])
    expect((await ask(asker, { uri: '/keys/1', token })).status).toBe(401)
  })
})

describe('with the database gone', () => {
  it('a warm token goes on, and what needs the database is a no that each proxy understands', async () => {
    for (const asker of askers) await ask(asker, { uri: '/mine/1', token })
    await relay.cut()
    for (const asker of askers) expect((await ask(asker, { uri: '/mine/1', token })).status).toBe(200)
    const [traefik, nginx, envoy] = await Promise.all(
      askers.map((asker) => ask(asker, { uri: '/slow/1', token })),
    )
    expect([traefik?.status, nginx?.status, envoy?.status]).toEqual([503, 403, 503])
    expect([nginx?.headers.get('x-error-status'), nginx?.headers.get('retry-after')]).toEqual(['503', '2'])
    expect(nginx?.headers.get('x-error-body')).not.toMatch(/sql|postgres|ECONN|127\.0\.0\.1/i)
    for (const answer of [traefik, nginx, envoy]) expect(identityOf(answer!)).toEqual(Array(5).fill(null))
    await relay.mend()
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { type AskedCall, ask, identityOf } from '../support/asking-proxies.ts'
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

let gateway: TestGateway
let token: string

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
  token = await gateway.accessToken(gateway.adminKey, { permissions: ['orders:read'] })
})

afterAll(() => gateway?.close())

describe('the question of Traefik and Caddy', () => {
  const question = {
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Host': 'api.test',
    'X-Forwarded-Uri': '/open/1',
  }

  it('is no question without all of its parts', async () => {
    for (const name of Object.keys(question)) {
      const headers = Object.fromEntries(Object.entries(question).filter(([it]) => it !== name))
      const { status, body } = await gateway.call('GET', '/authz/forward-auth', { token, headers })
      expect([name, status, body.error.details.map(({ field }: { field: string }) => field)]).toEqual([
        name,
        403,
        [name],
      ])
    }
  })

  it.each([
    ['two methods', { 'X-Forwarded-Method': 'POST, GET' }],
    ['an empty method', { 'X-Forwarded-Method': '' }],
    ['two paths', { 'X-Forwarded-Uri': '/open/1, /leak/1' }],
    ['a path of another host', { 'X-Forwarded-Uri': 'http://other.test/open/1' }],
    ['no path', { 'X-Forwarded-Uri': '*' }],
    ['a path without a slash', { 'X-Forwarded-Uri': 'open/1' }],
    ['two hosts', { 'X-Forwarded-Host': 'admin.test, api.test' }],
  ])('is refused with %s', async (_, change) => {
    const { status } = await gateway.call('GET', '/authz/forward-auth', {
      token,
      headers: { ...question, ...change },
    })
    expect(status).toBe(400)
  })

  it('finds the closed rule whatever the case of the method, and none for a mirror', async () => {
    const verdictOf = async (method: string) =>
      (await ask(gateway, 'forward-auth', { uri: '/leak/1', method, token })).status
    expect([await verdictOf('GET'), await verdictOf('get'), await verdictOf('POST')]).toEqual([403, 403, 200])
    expect([await verdictOf('TRACE'), await verdictOf('trace')]).toEqual([405, 405])
  })

  it('is decided by what it says of the call, not by how it is asked', async () => {
    for (const method of ['POST', 'PUT', 'OPTIONS', 'HEAD']) {
      const { status } = await gateway.call(method, '/authz/forward-auth/', { headers: question })
      expect([method, status]).toEqual([method, 200])
    }
  })
})

describe('the answer to nginx', () => {
  it('is 403 where nginx would make an error of its own of it, with what it really is', async () => {
    const told = async (call: AskedCall) => {
      const answer = await ask(gateway, 'auth-request', { token, ...call })
      const error = JSON.parse(answer.headers.get('x-error-body') ?? '{}').error
      return [answer.status, answer.headers.get('x-error-status'), error?.code, identityOf(answer).join('')]
    }
    expect(await told({ uri: '/a//b' })).toEqual([403, '400', 'path_refused', ''])
    expect(await told({ uri: '/nowhere' })).toEqual([403, '404', 'not_found', ''])
    expect(await told({ uri: '/orders/1', method: 'PUT' })).toEqual([403, '405', 'method_not_allowed', ''])
    expect((await ask(gateway, 'auth-request', { uri: '/slow/1', token })).status).toBe(200)
    expect(await told({ uri: '/slow/1' })).toEqual([403, '429', 'rate_limited', ''])
  })

  it.each(['?x', '#x', '/open/1?x#y', ' /open/1'])('is 403 for a host that ends in %j', async (end) => {
    const headers = { 'X-Original-Method': 'GET', 'X-Original-URL': `https://free.test${end}/mine/1` }
    const { status } = await gateway.call('GET', '/authz/auth-request', { headers })
    expect(status).toBe(403)
  })

  it('carries no line break and no text of the client', async () => {
    const { headers } = await ask(gateway, 'auth-request', {
      uri: '/a//b%0d%0aX-Evil:%201<script>',
      headers: { 'X-Request-Id': 'a b\u00e9<script>' },
    })
    expect(headers.get('x-error-body')).toMatch(/^[\x20-\x7e]+$/)
    expect(headers.get('x-error-body')).not.toMatch(/evil|script/i)
  })
})

describe('a stranger', () => {
  it('is told nothing of any call', async () => {
    const stranger = await createTestGateway({ database: gateway.database, rules: [] })
    for (const path of ['/authz/forward-auth', '/authz/auth-request', '/authz/ext-authz/open/1']) {
      const answer = await stranger.call('GET', path, {
        token,
        headers: {
          'X-Forwarded-Method': 'GET',
          'X-Forwarded-Host': 'api.test',
          'X-Forwarded-Uri': '/open/1',
          'X-Original-Method': 'GET',
          'X-Original-URL': 'https://api.test/open/1',
          'X-Forwarded-For': '192.0.2.1, 127.0.0.1',
        },
      })
      expect([path, answer.status, identityOf(answer)]).toEqual([path, 403, Array(5).fill(null)])
    }
    await stranger.close()
  })
})

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { parseTarget } from '../../src/gateway/target.ts'
import { ask, askers, verdict } from '../support/asking-proxies.ts'
import { aKeyFor } from '../support/service-keys.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { fuzzed, patience } from './fuzzed.ts'

let gateway: TestGateway
let poor: string
let rich: string

const routes = [
  { path: '/admin/*', permissions: ['none:such'] },
  { path: '/orders/*', methods: ['GET'], permissions: ['orders:read'] },
  { path: '/orders/*', methods: ['DELETE'], permissions: ['orders:write'], name: 'write' },
  { path: '/host/*', hosts: ['inner.test'], permissions: ['none:such'], name: 'inner' },
  { path: '/*', public: true },
]

beforeAll(async () => {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  gateway = await createTestGateway({ rules: rules.value, trustsPeer: true })
  poor = await gateway.accessToken((await aKeyFor(gateway, ['orders:read'])).text)
  rich = await gateway.accessToken((await aKeyFor(gateway, ['orders:*'])).text)
})

afterAll(() => gateway?.close())

const piece = fc.constantFrom(
  ...[
    '/',
    '//',
    '/./',
    '/../',
    'a',
    'admin',
    'Admin',
    '%61dmin',
    'orders',
    'ORDERS',
    '1',
    'host',
    'x',
    '%2e',
    '%2f',
    '%5c',
  ],
  ...[
    ';',
    '%00',
    '%25',
    '%252e',
    '?',
    '#',
    '&',
    '=',
    '\\',
    ' ',
    '@',
    ':',
    'http://',
    '*',
    '%',
    '%zz',
    'é',
    '\u00ff',
    '|',
    '.',
  ],
)
/** Without white space at its ends, which no field keeps. */
const uri = fc
  .oneof(
    fc.constantFrom('/orders/1', '/admin/1', '/x', '/host/1', '/orders', '/'),
    fc.array(piece, { maxLength: 6 }).map((all) => `/${all.join('')}`),
    fc.array(piece, { maxLength: 4 }).map((all) => all.join('')),
  )
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))
const method = fc.constantFrom(
  'GET',
  'DELETE',
  'POST',
  'HEAD',
  'get',
  'Delete',
  'PROPFIND',
  'GET, POST',
  'G T',
  '',
)
const host = fc.constantFrom(
  'api.test',
  'inner.test',
  'INNER.test.',
  'inner.test:80',
  'a, b',
  'a@b',
  '[::1]',
  'a b',
)

/** What may be told of such a call, by a reading of the rules that knows no router. */
function isAllowed(call: { method: string; host: string; uri: string }, held: readonly string[]): boolean {
  const target = parseTarget(call.uri, call.host)
  if (!target.ok || !/^[A-Za-z-]{1,20}$/.test(call.method)) return false
  const [first] = target.value.matched.split('/').slice(1)
  const verb = call.method.toUpperCase()
  const name = call.host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
  if (first === 'admin') return false
  if (first === 'host' && name === 'inner.test') return false
  if (first === 'orders' && (verb === 'GET' || verb === 'HEAD')) return held.length > 0
  if (first === 'orders' && verb === 'DELETE') return held.includes('orders:*')
  return true
}

describe('what a proxy asks about a call', patience, () => {
  it('is allowed where a plain reading of the rules allows it and nowhere else, and never a fault of ours', async () => {
    let allowed = 0
    const who = fc.constantFrom<readonly [() => string | undefined, readonly string[]]>(
      [() => undefined, []],
      [() => poor, ['orders:read']],
      [() => rich, ['orders:*']],
    )
    const asking = fc.record({ asker: fc.constantFrom(...askers), method, host, uri, who })
    await fc.assert(
      fc.asyncProperty(asking, async ({ asker, who: [token, held], ...call }) => {
        // Envoy sends the call itself, which a client of ours cannot spell in every odd way.
        if (asker === 'ext-authz' && !isPlain(call)) return
        // nginx writes scheme, host and target as one text: without a slash between them they are another host.
        if (asker === 'auth-request' && !call.uri.startsWith('/')) return
        if (/[^\x20-\xff]/.test(call.uri)) return
        const answer = await ask(gateway, asker, { ...call, ...(token() && { token: token()! }) })
        expect([asker, call, verdict(answer) < 500, gateway.faults]).toEqual([asker, call, true, []])
        const isTold = answer.status === 200
        if (isTold) allowed++
        expect([asker, call, held, isTold]).toEqual([asker, call, held, isAllowed(call, held)])
      }),
      fuzzed(300),
    )
    expect(allowed).toBeGreaterThan(30)
  })

  it('is told to nobody who sends any fields at all but the proxies of the operator', async () => {
    const value = fc.oneof(uri, host, method).map((text) => text.replace(/[^\x21-\x7e]/g, ''))
    const name = fc.constantFrom(
      'X-Forwarded-Method',
      'X-Forwarded-Host',
      'X-Forwarded-Uri',
      'X-Original-URL',
      'X-Original-Method',
    )
    const stranger = await createTestGateway({ database: gateway.database })
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('forward-auth', 'auth-request', 'ext-authz/x'),
          fc.array(fc.tuple(name, value)),
          async (path, fields) => {
            const { status } = await stranger.call('GET', `/authz/${path}`, {
              headers: Object.fromEntries(fields),
            })
            expect(status).toBe(403)
          },
        ),
        fuzzed(60),
      )
    } finally {
      await stranger.close()
    }
  })
})

/** Whether a `Request` carries it as it is. */
function isPlain({
  method: verb,
  host: name,
  uri: text,
}: {
  method: string
  host: string
  uri: string
}): boolean {
  if (!/^(?:GET|DELETE|POST|HEAD|PROPFIND)$/.test(verb) || !/^[\w.:[\]]+$/.test(name)) return false
  if (!text.startsWith('/')) return false
  const url = URL.parse(`http://gateway.test/authz/ext-authz${text}`)
  return url !== null && url.pathname + url.search === `/authz/ext-authz${text}`
}

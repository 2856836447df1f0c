import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/gateway/match.ts'
import { ruleSlips } from '../../src/gateway/rule-slips.ts'
import type { GatewayRules } from '../../src/gateway/rules.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { trail } from '../../src/gateway/trail.ts'
import { fuzzed } from './fuzzed.ts'
import { expectUnpolluted, mutantsOf, oddName, oddText, oddValue } from './odd-texts.ts'

const genuine = {
  upstreams: {
    shop: 'http://shop.test/base',
    many: ['http://a.test', 'http://b.test'],
    bound: { binding: 'SHOP' },
  },
  routes: [
    {
      name: 'orders',
      path: '/orders/:id',
      hosts: ['*.shop.test'],
      methods: ['GET'],
      upstream: 'shop',
      permissions: ['orders:read'],
    },
    { path: '/pub/*', public: true, upstream: 'many', strip_prefix: '/pub', timeouts: { connect_ms: 5 } },
    {
      path: '/x',
      upstream: 'http://x.test',
      request_headers: { set: { 'X-A': 'b' }, remove: ['X-C'] },
      rate_limit: { limit: 1, window_seconds: 1 },
    },
    {
      path: '/y',
      upstream: { binding: 'Y' },
      identity_token: { audience: 'y' },
      mode: 'shadow',
      credentials: ['api_key', 'token'],
    },
  ],
}

/** A good file with one value in it replaced, wherever it stands. */
function replaced(at: number, value: unknown, name: string): unknown {
  let left = at
  const walk = (one: unknown): unknown => {
    if (left-- === 0) return value
    if (Array.isArray(one)) return one.map(walk)
    if (typeof one !== 'object' || one === null) return one
    const members = Object.entries(one).map(([key, inner]) => [left-- === 0 ? name : key, walk(inner)])
    return Object.fromEntries(members)
  }
  return walk(genuine)
}

const word = fc.constantFrom(
  ...[
    'constructor',
    '__proto__',
    'toString',
    'shop',
    'http:shop',
    'http:/x',
    'http://u:p@x',
    'https://é.test',
    'http://x.test/%zz',
  ],
  ...[
    '*',
    '/*',
    '/:a{(}',
    '*.x',
    '[::1]',
    'GET',
    'TRACE',
    'orders:*',
    'a b',
    '\r\nX: y',
    'http://[::1]:99999',
    'ftp://x',
  ],
)
const near = fc
  .tuple(fc.nat(90), fc.oneof(word, oddValue), fc.oneof(oddName, word))
  .map(([at, value, name]) => replaced(at, value, name))

const yamlPiece = fc.constantFrom(
  ...[
    'routes:',
    'routes: ',
    '- ',
    '  - ',
    'path: /a',
    'path: ',
    '\n',
    '\n  ',
    '    ',
    ': ',
    '? ',
    '| \n',
    '>-\n',
    '&a ',
    '*a',
    '*b',
    '!!',
  ],
  ...[
    '!!set ',
    '!!omap ',
    '!!binary ',
    '!!timestamp ',
    '!!js/function ',
    '!<x> ',
    '<<: ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
    '---\n',
  ],
  ...[
    '...\n',
    '%YAML 1.1\n---\n',
    '%YAML 1.1\n---\n<<: ',
    '!!merge <<: ',
    '%YAML 9.9\n---\n',
    '%TAG ! x\n',
    '\t',
    '\0',
    '\ufeff',
    '0o17',
    '1_000',
    '.inf',
    '~',
    '@',
    '`',
    'é',
  ],
  ...['upstream: ', 'constructor', '__proto__: ', 'public: true', 'public: yes', 'a: &x [*x]', '2001-01-01'],
)
const yaml = fc.array(yamlPiece, { maxLength: 12 }).map((all) => all.join(''))

/** Reads a text as a start does: rules that work, or faults with words for each. */
function read(text: string): GatewayRules | undefined {
  const rules = parseRules(text)
  expectUnpolluted()
  if (!rules.ok) {
    expect(rules.failure.length).toBeGreaterThan(0)
    for (const { path, problem } of rules.failure)
      expect([typeof path, problem]).toEqual(['string', expect.stringMatching(/\S/)])
    return undefined
  }
  return rules.value
}

function expectUsable(rules: GatewayRules): void {
  const matcher = createMatcher(rules)
  for (const path of ['/', '/orders/1', '/pub', '/pub/a/b', '/x', '/nope']) {
    for (const host of [undefined, 'a.shop.test']) {
      const place = { method: 'GET', host, path }
      const found = matcher.find(place)
      const asked = trail(rules, place)
      expect(asked.findLast(({ mismatches }) => mismatches.length === 0)?.rule).toBe(found)
    }
  }
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  for (const { isPublic, permissions, upstream } of rules) {
    expect(isPublic && permissions.length > 0).toBe(false)
    for (const address of upstream?.addresses ?? [])
      if (address.kind === 'origin') expect(new URL(address.origin).origin).toBe(address.origin)
  }
  ruleSlips(rules)
}

describe('a file of rules', () => {
  it('that is good is read', () => {
    expect(read(JSON.stringify(genuine))).toHaveLength(4)
  })

  it('with one value altered is read, or every fault is named', () => {
    let good = 0
    fc.assert(
      fc.property(near, (file) => {
        const rules = read(JSON.stringify(file))
        if (rules === undefined) return
        good++
        expectUsable(rules)
      }),
      fuzzed(600),
    )
    expect(good).toBeGreaterThan(20)
  })

  it('of any text, YAML or not, is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(yaml, oddText, mutantsOf(JSON.stringify(genuine))), (text) => {
        const rules = read(text)
        if (rules !== undefined) expectUsable(rules)
      }),
      fuzzed(1200),
    )
  })

  it('is the same in YAML and in JSON', () => {
    const lines = [
      'routes:',
      '  - name: orders',
      '    path: /orders/:id',
      '    upstream: http://x.test',
      '    permissions: [orders:read]',
    ]
    const route = {
      name: 'orders',
      path: '/orders/:id',
      upstream: 'http://x.test',
      permissions: ['orders:read'],
    }
    expect(parseRules(lines.join('\n'))).toEqual(parseRules(JSON.stringify({ routes: [route] })))
  })
})

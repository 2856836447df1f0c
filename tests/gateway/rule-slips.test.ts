import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/gateway/match.ts'
import { ruleSlips } from '../../src/gateway/rule-slips.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'

function rulesOf(...routes: readonly object[]) {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  return rules.value
}

const problems = (...routes: readonly object[]) =>
  ruleSlips(rulesOf(...routes)).map(({ path, problem }) => `${path} ${problem}`)

describe('a slip in the rules', () => {
  it('is a public route for every path, on whatever host', () => {
    expect(problems({ path: '/*', public: true })).toEqual(['routes.0 is public and takes every path'])
    expect(problems({ path: '/*', public: true, hosts: ['a.test'] })).toHaveLength(1)
    expect(problems({ path: '/*' }, { path: '/open/*', public: true, hosts: ['a.test'] })).toHaveLength(1)
    expect(problems({ path: '/a/*', public: true })).toEqual([])
  })

  it('is an upstream that only Workers have', () => {
    expect(problems({ path: '/a', upstream: { binding: 'A' } })).toEqual([
      'routes.0 names a service binding, which only Workers have',
    ])
  })

  it('is a closed rule below an open one that takes its calls', () => {
    expect(problems({ path: '/a/*', public: true }, { path: '/a/secret' })).toEqual([
      'routes.1 is never reached: routes.0 takes all its calls, and is public',
    ])
  })

  it.each([
    [{ path: '/A/*' }, { path: '/a' }],
    [{ path: '/a/*' }, { path: '/a/:id/*' }],
    [{ path: '/a/:id' }, { path: '/a/7/' }],
    [{ path: '/a/:id' }, { path: '/a/:name', methods: ['GET'] }],
    [
      { path: '/*', methods: ['GET'] },
      { path: '/', methods: ['HEAD', 'GET'] },
    ],
    [
      { path: '/*', hosts: ['*.a.test', 'b.test'] },
      { path: '/x', hosts: ['x.a.test', '*.y.a.test', 'b.test'] },
    ],
  ])('is a rule below a wider one: %j, %j', (wide, narrow) => {
    expect(problems(wide, { name: 'narrow', ...narrow })).toEqual([
      'routes.1 is never reached: routes.0 takes all its calls',
    ])
  })

  it.each([
    [{ path: '/a' }, { path: '/a/*' }, '/a/b'],
    [{ path: '/a/:id' }, { path: '/a/*' }, '/a'],
    [{ path: '/a/:id' }, { path: '/a/:name?' }, '/a'],
    [{ path: '/a/:id{[0-9]+}' }, { path: '/a/:name' }, '/a/b'],
    [{ path: '/*/c' }, { path: '/b/:id' }, '/b/7'],
  ])('is none where the second takes a call: %j, %j, %s', (first, second, path) => {
    const rules = rulesOf({ name: 'first', ...first }, { name: 'second', ...second })
    expect(ruleSlips(rules)).toEqual([])
    expect(createMatcher(rules).find({ method: 'GET', host: undefined, path })?.name).toBe('second')
  })

  it('is none where host or method differ', () => {
    expect(problems({ path: '/*', hosts: ['a.test'] }, { path: '/x' })).toEqual([])
    expect(problems({ path: '/*', hosts: ['*.a.test'] }, { path: '/x', hosts: ['a.test'] })).toEqual([])
    expect(problems({ path: '/*', methods: ['GET'] }, { path: '/x' })).toEqual([])
    expect(problems({ path: '/*', methods: ['HEAD'] }, { path: '/x', methods: ['GET'] })).toEqual([])
  })
})

describe('a fault in the rules', () => {
  it('reads on from its path', () => {
    const faults = parseRules(`
upstreams: [a]
routes:
  - { path: /a, publik: true, public: 'yes', body_max_bytes: -1, rate_limit: { limit: 0 } }
  - { path: /b, timeouts: { connect_ms: fast }, request_headers: { set: { X-Auth-Subject: me } } }
  - 7
`)
    expect(faults.ok ? [] : faults.failure.map(({ path, problem }) => `${path} ${problem}`)).toEqual([
      'upstreams must be an object with fields',
      'routes.0.public must be true or false',
      'routes.0.body_max_bytes must be at least 0',
      'routes.0.rate_limit.limit must be at least 1',
      'routes.0.rate_limit.window_seconds is missing: a number',
      'routes.0 has no field publik',
      'routes.1.request_headers.set.X-Auth-Subject is not a field that a rule may set',
      'routes.1.timeouts.connect_ms must be a whole number of milliseconds from 1 to 3600000',
      'routes.2 must be an object with fields',
    ])
  })
})

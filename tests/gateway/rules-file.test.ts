import { describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'

/** The faults of a file as lines of path and problem; none for one that is taken. */
function faults(file: string | object): readonly string[] {
  const rules = parseRules(typeof file === 'string' ? file : JSON.stringify(file))
  return rules.ok ? [] : rules.failure.map(({ path, problem }) => `${path}: ${problem}`)
}

const withRoute = (route: object) => faults({ routes: [{ path: '/a/*', ...route }] })

describe('a file of rules', () => {
  it('is YAML or JSON, and says nothing of what is in order', () => {
    expect(faults('routes:\n  - path: /a/*\n    upstream: http://a.test\n')).toEqual([])
    expect(
      faults({ upstreams: { a: 'https://a.test/base' }, routes: [{ path: '/', upstream: 'a' }] }),
    ).toEqual([])
    expect(faults({ routes: [] })).toEqual([])
  })

  it.each([
    ['nothing', '', 'must be an object'],
    ['a text', 'hello', 'must be an object'],
    ['a list', '[]', 'must be an object'],
    ['broken JSON', '{"routes":[', 'line 1'],
    ['broken YAML', 'routes:\n - path: "/a', 'line 2'],
    ['a tab for an indent', 'routes:\n\t- path: /a', 'line 2'],
    ['two documents', 'routes: []\n---\nroutes: []', 'multiple documents'],
    ['a key that comes twice', 'routes: []\nroutes: []', 'unique'],
    ['a member that comes twice', 'routes:\n  - path: /a\n    public: true\n    public: false', 'unique'],
    ['a megabyte and more', ' '.repeat(1_000_001), 'larger than a megabyte'],
    ['an alias to nothing', 'routes: *nowhere', 'nowhere'],
  ])('that holds %s is refused in a line', (_, text, problem) => {
    const found = faults(text)
    expect(found.length).toBeGreaterThan(0)
    expect(found[0]).toContain(problem)
    expect(found.join()).not.toMatch(/\n/)
  })

  it('may use aliases, and cannot be a bomb of them', () => {
    expect(faults('x: &a /b\nroutes: [{path: *a}]')).toEqual([expect.stringContaining('has no field x')])
    expect(
      faults('routes:\n - &r {path: /a, upstream: &u "http://a.test"}\n - {path: /b, upstream: *u}'),
    ).toEqual([])
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
    for (const [index, name] of [...'bcdefghi'].entries()) {
      const before = `*${'abcdefgh'[index]}`
      bomb.push(`${name}: &${name} [${Array(9).fill(before).join()}]`)
    }
    // Thrown by the reader of YAML, it ended the process that was only to look at a changed file.
    const startedAt = performance.now()
    expect(faults(`${bomb.join('\n')}\nroutes: []`)).toEqual([expect.stringContaining('alias')])
    expect(faults('['.repeat(20_000))).toHaveLength(1)
    expect(faults(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`)).toHaveLength(1)
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  it('is YAML of today, whatever it says of itself: a key that merges is one that is not known', () => {
    // Thrown by the reader of YAML, as no other fault of a file is.
    for (const text of ['%YAML 1.1\n---\n<<: 1\nroutes: []', '!!merge <<: 1\nroutes: []'])
      expect([text, faults(text)]).toEqual([text, [expect.stringMatching(/has no field <<|tag/)]])
  })

  it('finds an upstream among its own alone, and not among the members of every object', () => {
    // `constructor` was found, and the start ended with a TypeError.
    for (const upstream of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(withRoute({ upstream })).toEqual(['routes.0.upstream: names no upstream of this file'])
  })

  it('names every fault with its path', () => {
    const found = faults({
      upstreams: { 'a b': 'http://a.test', c: 'ftp://c', d: [] },
      routes: [
        { path: '/a', upstream: 'nobody' },
        { path: 'b', methods: ['GE T'], permissions: ['Orders'], hosts: ['a.test:80'] },
        { path: '/c', timeouts: { connect_ms: 0, total_ms: 1 }, body_max_bytes: -1, typo: 1, mode: 'off' },
        { path: '/d', upstream: ['http://a.test/x', 'http://b.test/y'], credentials: [], strip_prefix: '/e' },
        { path: '/e', rate_limit: { limit: 0, window_seconds: 1.5 }, identity_token: {}, public: 'yes' },
      ],
    })
    for (const path of [
      ...['upstreams.a b', 'upstreams.c', 'upstreams.d', 'routes.1.path', 'routes.1.methods.0'],
      ...['routes.1.permissions.0', 'routes.1.hosts.0', 'routes.2.timeouts.connect_ms', 'routes.2.timeouts'],
      ...[
        'routes.2.body_max_bytes',
        'routes.2',
        'routes.2.mode',
        'routes.3.upstream',
        'routes.3.credentials',
      ],
      ...[
        'routes.4.rate_limit.limit',
        'routes.4.rate_limit.window_seconds',
        'routes.4.identity_token.audience',
      ],
      'routes.4.public',
    ])
      expect(found.map((line) => line.slice(0, line.indexOf(': ')))).toContain(path)
    expect(withRoute({ upstream: 'nobody' })).toEqual(['routes.0.upstream: names no upstream of this file'])
    expect(withRoute({ strip_prefix: '/b' })).toEqual([
      'routes.0.strip_prefix: must be the beginning of path',
    ])
  })

  it('has no two rules of one name, and none that is never reached', () => {
    const routes = (...all: object[]) => faults({ routes: all })
    expect(routes({ path: '/a', hosts: ['b', 'c'] }, { path: '/A', hosts: ['c', 'b'] })).toEqual([
      'routes.1: is never reached: routes.0 takes all its calls',
    ])
    expect(routes({ path: '/a', name: 'x' }, { path: '/b', name: 'x' })).toEqual([
      'routes.1.name: is the name of routes.0 too',
    ])
  })
})

describe('the path of a rule', () => {
  it.each([
    ...['', 'a', '//', '/a//b', '/a b', '/a%20b', '/a;b', '/a?', '/a/..', '/./a', '/a#b', '/é'],
    // OpenAPI's spelling would be plain text that no path has.
    '/orders/{id}',
    // A parameter of this odd name, which would take every file.
    '/files/:name.txt',
    '/v1/:id:cancel',
    ...['/a/*.key', '/a/b*/c', '/a/**', '/a/(b|c)', '/a/:b?/c', '/a/:b?/*', '/a/:', '/a/:b{}', '/a/x{y}'],
    ...['/a/:b{[}', '/a/:b{a)|(b}', '/a/:b{*}', '/a/:b{a/b}'],
  ])('cannot be %s', (path) => {
    expect(faults({ routes: [{ path }] })).toEqual([expect.stringMatching(/^routes\.0\.path: /)])
  })

  it.each(['/', '/*', '/a/', '/a/:id', '/a/:id?', '/a/*/b', '/a/b*', '/a/:b{[0-9]{4}}/c', '/a.b/~c/d:e'])(
    'can be %s',
    (path) => {
      expect(faults({ routes: [{ path }] })).toEqual([])
    },
  )
})

describe('the fields that a rule writes', () => {
  it.each([
    ...['Host', 'Content-Length', 'Transfer-Encoding', 'Connection', 'TE', 'Upgrade', 'Via', 'Forwarded'],
    ...[
      'X-Auth-Subject',
      'x_auth_scope',
      'X.Auth.Client',
      'X-Request-Id',
      'X-Forwarded-For',
      'X_Forwarded_Host',
    ],
    ...[
      'X-Real-IP',
      'X-Original-URL',
      'X-HTTP-Method-Override',
      'Sec-WebSocket-Protocol',
      'Proxy-Authorization',
    ],
    ...['', 'a b', 'a:b', 'a\r\nb', 'é'],
  ])('cannot be %j', (name) => {
    for (const where of ['request_headers', 'response_headers'])
      expect(withRoute({ [where]: { set: { [name]: 'x' } } })).toEqual([
        expect.stringContaining(`routes.0.${where}.set.${name}: `),
      ])
  })

  it.each(['a\r\nX-Evil: 1', 'a\nb', 'a\u0000', 'é', '\u007f'])('cannot be given the value %j', (value) => {
    expect(withRoute({ request_headers: { set: { 'X-A': value } } })).toEqual([
      expect.stringContaining('routes.0.request_headers.set.X-A: must be printable ASCII'),
    ])
  })
})

describe('a rule', () => {
  it.each([
    ['permissions', { public: true, permissions: ['a:b'] }],
    ['identity_token', { public: true, identity_token: { audience: 'x' } }],
    ['methods.0', { methods: ['trace'] }],
    ['methods.0', { methods: ['TRACK'] }],
  ])('is refused at %s where it contradicts itself: %j', (path, route) => {
    expect(withRoute(route)).toEqual([expect.stringContaining(`routes.0.${path}: `)])
  })

  it.each([
    ...[
      'javascript:alert(1)',
      'http://user:pw@a.test',
      'http://a.test/?x',
      'http://a.test/#x',
      'file:///etc/passwd',
    ],
    ...['http://', 'unix:/run/a.sock', '//a.test', 'a b'],
  ])('has no upstream at %s', (upstream) => {
    expect(withRoute({ upstream })).toEqual([expect.stringContaining('routes.0.upstream: ')])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMatcher, type Place } from '../../src/gateway/match.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { parseTarget } from '../../src/gateway/target.ts'

/** Routes by name and path, in their order, as the first of them that a call falls under. */
function ruleOf(routes: readonly object[]) {
  const rules = parseRules(JSON.stringify({ routes }))
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  const matcher = createMatcher(rules.value)
  return (path: string, place: Partial<Place> = {}) => {
    const target = parseTarget(path, undefined)
    if (!target.ok) throw new Error(target.failure)
    return matcher.find({ method: 'GET', host: 'a.test', path: target.value.matched, ...place })?.name
  }
}

/** What a stricter rule does not take falls to the last one, which is open. */
const catchAll = { path: '/*', name: 'open', public: true }

describe('a rule', () => {
  it.each([
    [
      '/admin',
      ['/admin', '/Admin', '/ADMIN/', '/%61dmin'],
      ['/admin/x', '/administrator', '/', '/admin%3fx'],
    ],
    ['/admin/*', ['/admin', '/admin/', '/admin/x/y', '/ADMIN/%58'], ['/administrator', '/x/admin']],
    ['/a/*/b', ['/a/x/b', '/A/%2A/B/'], ['/a/b', '/a/x/y/b', '/a/x/b/c']],
    ['/a/b*', ['/a/b', '/a/bc', '/a/BC/d'], ['/a/c', '/a']],
    ['/a/:b?', ['/a', '/a/', '/a/x'], ['/a/x/y']],
    ['/a/:b?/:c?', ['/a', '/a/x', '/a/x/y'], ['/a/x/y/z']],
    ['/a/:b{[0-9]+}?', ['/a', '/a/7'], ['/a/x']],
    ['/a/:b{[0-9]{2}}/c', ['/a/12/c'], ['/a/1/c', '/a/123/c', '/a/12/cd', '/a/12']],
    // Without the parameter the star was at the end, and took all that is below.
    ['/a/*/:c?', ['/a/x', '/a/x/y'], ['/a', '/a/x/y/z', '/b/x']],
    ['/*/:c{[0-9]+}?', ['/x', '/x/7'], ['/', '/x/y', '/x/7/z']],
    ['/a/:rest{.+}', ['/a/x', '/a/x/y/z'], ['/a', '/ab']],
    ['/v1/items:batch', ['/v1/items:batch', '/V1/Items%3ABatch'], ['/v1/itemsxbatch', '/v1/items']],
  ] as const)('for %s takes what it says and no more', (path, taken, others) => {
    const find = ruleOf([{ path, name: 'closed' }, catchAll])
    expect(taken.map((it) => find(it))).toEqual(taken.map(() => 'closed'))
    expect(others.map((it) => find(it))).toEqual(others.map(() => 'open'))
  })

  it('with an expression looks at no case', () => {
    // Paths are compared in lower case, and `[A-Z]` never matched: every name fell to the next rule.
    const find = ruleOf([{ path: '/files/:name{[A-Z]+\\.KEY}', name: 'closed' }, catchAll])
    for (const path of ['/files/ROOT.KEY', '/files/root.key', '/Files/Root.Key/'])
      expect([path, find(path)]).toEqual([path, 'closed'])
    expect(find('/files/7.key')).toBe('open')
    expect(ruleOf([{ path: '/a/:b{\\D+}', name: 'closed' }, catchAll])('/a/12')).toBe('open')
  })

  it('with alternatives takes these and not what begins or ends like them', () => {
    // The router anchors the first at its start alone and the last at its end alone.
    const find = ruleOf([{ path: '/:kind{pub|free}', name: 'chosen' }, catchAll])
    expect(['/pub', '/free', '/FREE'].map((path) => find(path))).toEqual(['chosen', 'chosen', 'chosen'])
    for (const path of ['/public', '/pub-secret/x/y', '/carefree', '/pub/x', '/x/free'])
      expect([path, find(path)]).toEqual([path, 'open'])
  })

  it('is not met by a path that spells its parameter', () => {
    const find = ruleOf([{ path: '/a/:b{[0-9]+}', name: 'numbers' }, catchAll])
    for (const path of ['/a/:b%7B%5B0-9%5D+%7D', '/a/:b', '/a/:p1%7B(%3Fi:%5B0-9%5D+)%7D'])
      expect([path, find(path)]).toEqual([path, 'open'])
  })

  it('is not widened by letters that become plain ones in lower case', () => {
    expect(ruleOf([{ path: '/keys', name: 'keys' }])('/%4Beys')).toBe('keys')
    expect(ruleOf([{ path: '/keys', name: 'keys' }])('/%E2%84%AAeys')).toBeUndefined()
  })

  it('takes HEAD with GET, methods in any case, and never one that mirrors the request', () => {
    const find = ruleOf([{ path: '/x', methods: ['GET', 'DELETE'], name: 'closed' }, catchAll])
    const named = (method: string) => find('/x', { method })
    expect(['GET', 'HEAD', 'DELETE'].map(named)).toEqual(['closed', 'closed', 'closed'])
    // Frameworks that raise the method to upper case would do what the open rule let pass.
    expect(['delete', 'Delete', 'get', 'head'].map(named)).toEqual(['closed', 'closed', 'closed', 'closed'])
    expect(['POST', 'PROPFIND'].map(named)).toEqual(['open', 'open'])
    expect(['TRACE', 'trace', 'TRACK'].map(named)).toEqual([undefined, undefined, undefined])
  })
})

describe('a rule of a host', () => {
  const find = ruleOf([
    { path: '/*', hosts: ['Admin.test', '[::1]'], name: 'admin' },
    { path: '/*', hosts: ['*.shop.test'], name: 'shop' },
    catchAll,
  ])
  const at = (host: string | undefined) => find('/x', { host })

  it.each([
    'admin.test',
    'ADMIN.TEST',
    'admin.test.',
    'admin.test:8080',
    'admin.test:',
    'Admin.Test.:80',
    '[::1]:3000',
  ])('takes %s', (host) => expect(at(host)).toBe('admin'))

  it('takes any name below where it says so, and not its own', () => {
    expect(['a.shop.test', 'a.b.SHOP.test:1'].map(at)).toEqual(['shop', 'shop'])
    expect(['shop.test', 'evilshop.test', '.shop.test.evil', 'admin.test.evil', undefined].map(at)).toEqual(
      Array(5).fill('open'),
    )
  })
})

describe('the matcher', () => {
  it('finds the first rule in their order, whatever stands in a path', () => {
    const find = ruleOf([{ path: '/a/:id', name: 'one' }, { path: '/a/*', name: 'two' }, catchAll])
    const segment = fc.constantFrom(
      'a',
      'A',
      'x',
      '*',
      ':id',
      '%41',
      '__proto__',
      'constructor',
      '%7Bx%7D',
      '',
    )
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
        const path = `/${segments.join('/')}`
        if (!parseTarget(path, undefined).ok) return
        const [first, ...rest] = path.replace(/\/$/, '').split('/').slice(1)
        const isBelowA = ['a', '%61', '%41'].includes((first ?? '').toLowerCase())
        const name = isBelowA ? (rest.length === 1 ? 'one' : 'two') : 'open'
        expect([path, find(path)]).toEqual([path, name])
      }),
      { numRuns: 1000 },
    )
  })
})

import { TrieRouter } from 'hono/router/trie-router'
import { describe, expect, it } from 'vitest'
import { FixedPathRouter } from '../../src/http/fixed-path-router.ts'

const routes = [
  ['ALL', '/*', 'every call'],
  ['GET', '/me', 'me'],
  ['POST', '/me', 'me too'],
  ['GET', '/me/factors/recovery-codes', 'codes'],
  ['POST', '/me/factors/:id/activate', 'activate'],
  ['GET', '/me/factors/:id', 'factor'],
  ['ALL', '/authz/*', 'a question'],
] as const

function routersOf() {
  const [trie, fixed] = [new TrieRouter<string>(), new FixedPathRouter<string>()]
  for (const router of [trie, fixed])
    for (const [method, path, name] of routes) router.add(method, path, name)
  return { trie, fixed }
}

describe('the router of fixed paths', () => {
  it.each([
    ...['/me', '/me/factors/recovery-codes', '/me/factors/7', '/me/factors/7/activate', '/authz/x/y'],
    ...['/', '/nowhere', '/me/', '/ME', '/me%2f', '/:id', '/*', '/me/factors/:id', '/__proto__'],
  ])('answers for %s what the trie answers, each time', (path) => {
    const { trie, fixed } = routersOf()
    for (const method of ['GET', 'POST', 'HEAD', 'DELETE', 'BREW', 'GET', 'BREW']) {
      expect(fixed.match(method, path)).toEqual(trie.match(method, path))
    }
  })

  it('keeps the answers for fixed paths, and for no other', () => {
    const { fixed } = routersOf()
    expect(fixed.match('GET', '/me')).toBe(fixed.match('GET', '/me'))
    expect(fixed.match('GET', '/nowhere')).not.toBe(fixed.match('GET', '/nowhere'))
    expect(fixed.match('GET', '/me/factors/7')).not.toBe(fixed.match('GET', '/me/factors/7'))
    // Whoever calls chooses the method: only those that anybody has are kept.
    expect(fixed.match('BREW', '/me')).not.toBe(fixed.match('BREW', '/me'))
  })

  it('forgets what it kept when a route is added', () => {
    const { fixed } = routersOf()
    const before = fixed.match('GET', '/me')[0].length
    fixed.add('GET', '/me', 'one more')
    expect(fixed.match('GET', '/me')[0]).toHaveLength(before + 1)
  })
})

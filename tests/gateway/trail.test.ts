import { describe, expect, it } from 'vitest'
import { createMatcher } from '../../src/gateway/match.ts'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { trail } from '../../src/gateway/trail.ts'

const parsed = parseRules(`
routes:
  - { name: exact, path: /status, methods: [GET] }
  - { name: host, path: /orders/*, hosts: ['*.example.com'], methods: [POST] }
  - { name: wide, path: /orders/:id }
  - { name: rest, path: /*, hosts: [api.test] }
`)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
const rules = parsed.value

const asked = (method: string, path: string, host?: string) =>
  trail(rules, { method, host, path }).map(({ rule, mismatches }) => [rule.name, ...mismatches])

describe('the trail of a call', () => {
  it('ends with the rule that takes it, and says of those before what they do not meet', () => {
    expect(asked('PUT', '/orders/7', 'example.com')).toEqual([
      ['exact', 'method', 'path'],
      ['host', 'host', 'method'],
      ['wide'],
    ])
    expect(asked('POST', '/orders/7/lines', 'EU.example.com:8443')).toEqual([
      ['exact', 'method', 'path'],
      ['host'],
    ])
    expect(asked('HEAD', '/status')).toEqual([['exact']])
    expect(asked('GET', '/', 'api.test').at(-1)).toEqual(['rest'])
  })

  it('has every rule where none takes it', () => {
    expect(asked('GET', '/', undefined)).toEqual([
      ['exact', 'path'],
      ['host', 'host', 'method', 'path'],
      ['wide', 'path'],
      ['rest', 'host'],
    ])
  })

  it('ends where the matcher finds the rule', () => {
    const matcher = createMatcher(rules)
    for (const method of ['GET', 'POST']) {
      for (const path of ['/status', '/orders', '/orders/7', '/orders/7/8', '/']) {
        for (const host of [undefined, 'api.test', 'a.example.com']) {
          const place = { method, path, host }
          const last = trail(rules, place).find(({ mismatches }) => mismatches.length === 0)
          expect([place, last?.rule.name]).toEqual([place, matcher.find(place)?.name])
        }
      }
    }
  })
})

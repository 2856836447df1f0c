import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  covers,
  formatScope,
  intersect,
  isPermission,
  parseScope,
  uncovered,
} from '../../src/core/permissions.ts'
import { fuzzed } from './fuzzed.ts'
import { mutantsOf, oddText } from './odd-texts.ts'

const segment = fc.constantFrom('orders', 'read', 'own', 'a', 'a.b', 'order', 'x-1')
const permission = fc.oneof(
  { weight: 1, arbitrary: fc.constant('*') },
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), fc.boolean())
      .map(([segments, isWild]) => segments.join(':') + (isWild ? ':*' : '')),
  },
)
const permissions = fc.array(permission, { maxLength: 5 })

/** What a permission says, read in another way: segment by segment. */
function permits(held: string, needed: string): boolean {
  if (held === '*') return true
  const [have, want] = [held.split(':'), needed.split(':')]
  const isWild = have.at(-1) === '*'
  const fixed = isWild ? have.slice(0, -1) : have
  if (!fixed.every((one, index) => one === want[index])) return false
  // `orders:*` is above `orders:read` and itself, and not above `orders` alone.
  return isWild ? want.length > fixed.length : want.length === fixed.length
}

describe('what a permission covers', () => {
  it('is itself, and whatever is covered by what it covers', () => {
    fc.assert(
      fc.property(permission, permission, permission, (a, b, c) => {
        expect(covers([a], a)).toBe(true)
        if (covers([a], b) && covers([b], c)) expect([a, b, c, covers([a], c)]).toEqual([a, b, c, true])
        if (covers([a], b) && covers([b], a)) expect(a).toBe(b)
      }),
      fuzzed(2000),
    )
  })

  it('is what its segments say', () => {
    fc.assert(
      fc.property(permissions, permission, (held, needed) => {
        expect(covers(held, needed)).toBe(held.some((one) => permits(one, needed)))
      }),
      fuzzed(2000),
    )
  })

  it('is never less for holding more, and nothing for holding nothing', () => {
    fc.assert(
      fc.property(permissions, permissions, permission, (held, more, needed) => {
        expect(covers([], needed)).toBe(false)
        if (covers(held, needed)) expect(covers([...more, ...held], needed)).toBe(true)
        expect(uncovered(held, held)).toEqual([])
      }),
      fuzzed(1000),
    )
  })
})

describe('narrowing', () => {
  it('never widens: what both allow is what either allows of it', () => {
    fc.assert(
      fc.property(permissions, permissions, permission, (held, wanted, needed) => {
        const met = intersect(held, wanted)
        expect(uncovered(held, met)).toEqual([])
        expect(uncovered(wanted, met)).toEqual([])
        expect(covers(met, needed)).toBe(covers(held, needed) && covers(wanted, needed))
      }),
      fuzzed(2000),
    )
  })

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(permissions, permissions, (held, wanted) => {
        const met = intersect(held, wanted)
        expect(uncovered(intersect(met, met), met)).toEqual([])
        expect(uncovered(intersect(held, met), met)).toEqual([])
      }),
      fuzzed(1000),
    )
  })
})

describe('a scope', () => {
  it('is read as it was spelled', () => {
    fc.assert(
      fc.property(permissions, (all) => {
        expect(parseScope(formatScope(all))).toEqual(all)
      }),
      fuzzed(500),
    )
  })

  it('of any text grants nothing but permissions that stand in it', () => {
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf('orders:read orders:* *')), (text) => {
        const read = parseScope(text)
        expect(read.every(isPermission)).toBe(true)
        expect(read.every((one) => text.split(' ').includes(one))).toBe(true)
        // As quoted strings in `WWW-Authenticate`, and as scope-tokens.
        expect(read.join('')).toMatch(/^[a-z0-9_.:*-]*$/)
      }),
      fuzzed(1000),
    )
  })
})

import { describe, expect, it } from 'vitest'
import { covers, intersect, isPermission, parseScope, uncovered } from '../../src/core/permissions.ts'

describe('a permission', () => {
  it.each(['orders:read', 'orders:*', '*', 'a', 'orders:items:read', 'v1.orders:read_all', '0:1'])(
    'may be %s',
    (text) => {
      expect(isPermission(text)).toBe(true)
    },
  )

  it.each([
    '',
    'Orders:read',
    'orders:',
    ':read',
    'orders:*:read',
    '**',
    'orders read',
    'a"b',
    'a\\b',
    'é',
    'x'.repeat(101),
  ])('may not be %j', (text) => {
    expect(isPermission(text)).toBe(false)
  })
})

describe('covering', () => {
  it.each([
    ['*', 'anything:at:all', true],
    ['orders:*', 'orders:read', true],
    ['orders:*', 'orders:read:own', true],
    ['orders:*', 'orders:*', true],
    ['orders:*', 'orders', false],
    ['orders:*', 'ordersx:read', false],
    ['orders:*', '*', false],
    ['orders:read', 'orders:*', false],
    ['orders:read', 'orders:read', true],
    ['orders:read', 'orders:readall', false],
  ])('%s covers %s: %s', (held, needed, expected) => {
    expect(covers([held], needed)).toBe(expected)
  })

  it('names what is missing', () => {
    expect(uncovered(['a:*', 'b'], ['a:x', 'b', 'c'])).toEqual(['c'])
  })
})

describe('the meeting of two lists', () => {
  it.each([
    [['*'], ['a:x', 'b'], ['a:x', 'b']],
    [['a:x', 'b'], ['*'], ['a:x', 'b']],
    [['a:*'], ['a:x', 'b'], ['a:x']],
    [['a:x', 'c'], ['a:*', 'b'], ['a:x']],
    [[], ['*'], []],
  ])('of %j and %j is %j', (held, wanted, expected) => {
    expect(intersect(held, wanted)).toEqual(expected)
  })
})

describe('a scope claim', () => {
  it('grants nothing for what is not a permission', () => {
    expect(parseScope('a:x  B ** b')).toEqual(['a:x', 'b'])
  })
})

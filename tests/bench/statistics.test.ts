import { describe, expect, it } from 'vitest'
import { median, quantile } from '../../bench/statistics.ts'

describe('the median', () => {
  it('is the value in the middle, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5)
  })

  it('lies half-way between the two in the middle of an even number', () => {
    expect(median([1, 2, 4, 100])).toBe(3)
  })

  it('sorts as numbers, not as text', () => {
    expect(median([10, 9, 100])).toBe(10)
  })

  it('of nothing is refused rather than made up', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('a quantile', () => {
  it('reaches from the lowest value to the highest', () => {
    expect([quantile([3, 1, 2], 0), quantile([3, 1, 2], 1)]).toEqual([1, 3])
  })

  it('lies between its two neighbours', () => {
    expect(quantile([0, 10], 0.25)).toBe(2.5)
  })
})

import { describe, expect, it } from 'vitest'
import { momentText, wholeSecondsText } from '../../src/core/moment-text.ts'

describe('the text of a moment', () => {
  it('is the one of its own, however many share its place', () => {
    const first = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
    // 509 places: these all have the same one, and each is asked after the others have taken it.
    const moments = Array.from({ length: 20 }, (_, index) => new Date(first + index * 509))
    for (const moment of [...moments, ...moments]) expect(momentText(moment)).toBe(moment.toISOString())
    expect(momentText(moments[3] as Date)).toBe('2026-01-02T03:04:07.205Z')
  })

  it.each([0, -1, -62_135_596_800_000, 8.64e15, Date.UTC(2026, 1, 3)])('is right for %s', (ms) => {
    for (let time = 0; time < 2; time++) {
      expect(momentText(new Date(ms))).toBe(new Date(ms).toISOString())
      expect(wholeSecondsText(new Date(ms))).toBe(`${new Date(ms).toISOString().slice(0, -5)}Z`)
    }
  })

  it('is none for a moment that is none', () => {
    for (let time = 0; time < 2; time++) expect(() => momentText(new Date(Number.NaN))).toThrow(RangeError)
  })
})

import { describe, expect, it } from 'vitest'
import { parseGoDuration } from '../../../src/dialects/supabase/go-duration.ts'

describe('a duration as Go writes them', () => {
  it.each([
    ['0', 0],
    ['24h', 86_400],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['300ms', 0.3],
    ['2us', 2e-6],
    ['876000h', 876_000 * 3600],
    ['-1m', -60],
    ['+1m', 60],
  ])('is read: %s', (text, seconds) => {
    expect(parseGoDuration(text)).toBeCloseTo(seconds, 9)
  })

  it.each([
    '',
    '-',
    '1',
    'h',
    '1d',
    '1 h',
    '1h ',
    'none',
    '1h-1m',
    '1,5h',
    '9999999h',
    '1e3s',
    `${'1h'.repeat(60)}`,
  ])('is none: %s', (text) => {
    expect(parseGoDuration(text)).toBeUndefined()
  })
})

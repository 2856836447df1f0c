import { describe, expect, it } from 'vitest'
import type { Caller } from '../../../src/core/caller.ts'
import { createUsageTally } from '../../../src/core/keys/key-usage.ts'

const noon = new Date('2026-01-01T12:00:00Z')
const later = new Date(noon.getTime() + 1500)
const from = (address: string): Caller => ({ address, userAgent: 'curl/8', requestId: 'r' })

function noted(keys: number) {
  const tally = createUsageTally()
  for (let n = 0; n < keys; n++) tally.note(`key-${n}`, from('192.0.2.1'), noon)
  return tally
}

describe('the usage tally', () => {
  it('adds up the uses of a key and keeps what the last one said', () => {
    const tally = noted(1)
    tally.note('key-0', { ...from('192.0.2.9'), userAgent: 'wget/1' }, later)
    expect(tally.take()).toEqual([
      { keyId: 'key-0', count: 2, lastUsedAt: later, lastAddress: '192.0.2.9', lastUserAgent: 'wget/1' },
    ])
    expect(tally.take()).toEqual([])
  })

  it('takes up to 250 keys at once, those first that wait longest', () => {
    const tally = noted(251)
    tally.note('key-0', from('192.0.2.1'), later)
    const first = tally.take().map(({ keyId }) => keyId)
    expect(first).toHaveLength(250)
    expect(first[0]).toBe('key-0')
    expect(tally.take().map(({ keyId }) => keyId)).toEqual(['key-250'])
  })

  it('takes a tenth of many at once, and never fewer than 250', () => {
    const tally = noted(10_000)
    expect(tally.take()).toHaveLength(1000)
    expect(tally.take()).toHaveLength(900)
  })

  it('puts a key that is used again behind those that wait', () => {
    const tally = noted(300)
    tally.take()
    tally.note('key-0', from('192.0.2.1'), later)
    const second = tally.take().map(({ keyId }) => keyId)
    expect(second.indexOf('key-0')).toBe(second.length - 1)
    expect(second[0]).toBe('key-250')
  })

  it('takes all at the end', () => {
    const tally = noted(10_000)
    expect(tally.takeAll()).toHaveLength(10_000)
    expect(tally.takeAll()).toEqual([])
  })
})

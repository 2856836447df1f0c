import { describe, expect, it } from 'vitest'
import { type KeptPart, mergeParts } from '../../bench/kept-parts.ts'

const part = (name: string, date: string): KeptPart => ({
  name,
  date,
  quick: false,
  rounds: 5,
  othersShare: 0,
  machine: { facts: [], packages: [], guichet: 'abc' },
  measured: { kind: 'growth', grown: {} },
})

describe('the parts of the page', () => {
  it('are those of the last run that measured them, in their order', () => {
    const kept = [part('exchange', '2026-01-01'), part('start', '2026-01-01')]
    const fresh = [part('start', '2026-01-02'), part('refresh', '2026-01-02')]
    const merged = mergeParts(kept, fresh, ['exchange', 'refresh', 'verify', 'start'])
    expect(merged.map(({ name, date }) => `${name} ${date}`)).toEqual([
      'exchange 2026-01-01',
      'refresh 2026-01-02',
      'start 2026-01-02',
    ])
  })

  it('leave out what is no longer measured', () => {
    expect(mergeParts([part('gone', '2026-01-01')], [], ['exchange'])).toEqual([])
  })
})

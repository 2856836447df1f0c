import { describe, expect, it } from 'vitest'
import { cpuMicrosOf, rssMibOf, withDescendants } from '../../bench/process-times.ts'

describe.runIf(process.platform === 'linux')('the times of a process', () => {
  it('grow with its work', () => {
    const before = cpuMicrosOf([process.pid])
    // Linux counts in hundredths of a second: work for three of them.
    for (const end = Date.now() + 30; Date.now() < end; );
    expect(cpuMicrosOf([process.pid])).toBeGreaterThan(before)
  })

  it('come with the memory that it holds', () => {
    expect(rssMibOf([process.pid])).toBeGreaterThan(10)
  })

  it('count it once, with what it started', () => {
    expect(withDescendants([process.pid]).filter((pid) => pid === process.pid)).toHaveLength(1)
  })

  it('are none for a process that is gone', () => {
    expect(cpuMicrosOf([2 ** 30])).toBe(0)
  })
})

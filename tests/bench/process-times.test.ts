import { describe, expect, it } from 'vitest'
import { cpuMicrosOf, rssMibOf, withDescendants } from '../../bench/process-times.ts'

describe.runIf(process.platform === 'linux')('the times of a process', () => {
  it('grow with its work', () => {
    const before = cpuMicrosOf([process.pid])
    // Linux counts in hundredths of a second: work for three of them, however long others keep us from it.
    const from = process.cpuUsage()
    for (let micros = 0; micros < 30_000; ) {
      const { user, system } = process.cpuUsage(from)
      micros = user + system
    }
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

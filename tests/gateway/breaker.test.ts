import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../src/gateway/breaker.ts'

/** A breaker that has seen so many faults in a row, the last at 0. */
function brokenAfter(faults: number) {
  const breaker = createBreaker()
  // All under way together: those that are admitted when it opens come back afterwards.
  const passes = Array.from({ length: faults }, () => breaker.admit(0))
  for (const pass of passes) pass?.failed(0)
  return breaker
}

describe('the breaker', () => {
  it('lets pass after four faults in a row, and not after the fifth', () => {
    expect(brokenAfter(4).admit(0)).toBeDefined()
    expect(brokenAfter(5).admit(0)).toBeUndefined()
  })

  it('counts faults in a row alone', () => {
    const breaker = brokenAfter(4)
    breaker.admit(0)?.succeeded()
    for (let times = 0; times < 4; times++) breaker.admit(0)?.failed(0)
    expect(breaker.admit(0)).toBeDefined()
  })

  it('counts nothing that says nothing of the upstream', () => {
    const breaker = brokenAfter(4)
    for (let times = 0; times < 9; times++) breaker.admit(0)?.returned()
    expect(breaker.admit(0)).toBeDefined()
  })

  it('rests for ten seconds to the millisecond, and says how long', () => {
    const breaker = brokenAfter(5)
    expect([breaker.admit(9999), breaker.restMs(9999)]).toEqual([undefined, 1])
    expect([breaker.restMs(10_000), breaker.admit(10_000) === undefined]).toEqual([0, false])
  })

  it('says whether it is closed, open, or about to see', () => {
    expect(brokenAfter(4).state(0)).toBe('closed')
    const breaker = brokenAfter(5)
    expect([breaker.state(9999), breaker.state(10_000)]).toEqual(['open', 'half-open'])
    breaker.admit(10_000)?.succeeded()
    expect(breaker.state(10_000)).toBe('closed')
  })

  it('lets one probe pass, and all when it succeeds', () => {
    const breaker = brokenAfter(5)
    const probe = breaker.admit(10_000)
    expect(breaker.admit(10_001)).toBeUndefined()
    probe?.succeeded()
    expect([breaker.admit(10_001), breaker.admit(10_001)].includes(undefined)).toBe(false)
  })

  it('rests anew when the probe fails, and probes again when it tells nothing', () => {
    const breaker = brokenAfter(5)
    breaker.admit(10_000)?.failed(12_000)
    expect([breaker.admit(21_999), breaker.restMs(21_999)]).toEqual([undefined, 1])
    breaker.admit(22_000)?.returned()
    expect(breaker.admit(22_000)).toBeDefined()
  })

  it('waits for no probe for longer than it rests', () => {
    // A client that trickled the body of its call kept the one probe, and everybody else away.
    const breaker = brokenAfter(5)
    const slow = breaker.admit(10_000)
    expect(breaker.admit(19_999)).toBeUndefined()
    const next = breaker.admit(20_000)
    expect([slow === undefined, next === undefined]).toEqual([false, false])
    next?.succeeded()
    expect(breaker.admit(20_001)).toBeDefined()
  })

  it('rests no longer for a clock that is set back or forth', () => {
    for (const nowMs of [-3_600_000, 3_600_000]) expect(brokenAfter(5).admit(nowMs)).toBeDefined()
  })
})

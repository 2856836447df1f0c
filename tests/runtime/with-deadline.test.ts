import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/ports.ts'
import { withDeadline } from '../../src/runtime/with-deadline.ts'

/** A store of which one verb never answers. */
const hanging = { probe: () => new Promise<void>(() => {}) } as Partial<Store> as Store

/** The verbs that were late for no good reason, when one was asked that never answers. */
async function lateVerbs(heldUntilMs: () => number): Promise<readonly string[]> {
  const late: string[] = []
  const store = withDeadline(hanging, { deadlineMs: 5, heldUntilMs, onLost: (verb) => late.push(verb) })
  await expect(store.probe()).rejects.toThrow('did not answer in time')
  return late
}

describe('a verb that does not answer in time', () => {
  it('is the sign of a database that hangs', async () => {
    expect(await lateVerbs(() => 0)).toEqual(['probe'])
  })

  it('is none while everything waits for a copy, nor when it had to', async () => {
    expect(await lateVerbs(() => Number.POSITIVE_INFINITY)).toEqual([])
    expect(await lateVerbs(() => performance.now())).toEqual([])
  })

  it('is one again when it was asked after the copy', async () => {
    const before = performance.now() - 1
    expect(await lateVerbs(() => before)).toEqual(['probe'])
  })
})

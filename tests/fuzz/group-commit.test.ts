import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupCommit } from '../../src/core/group-commit.ts'
import { fuzzed } from './fuzzed.ts'

interface Item {
  readonly id: number
  readonly isBad: boolean
}

describe('the group commit', () => {
  const wave = fc.array(fc.boolean(), { maxLength: 9 })

  it('commits each good item once, tells each its own outcome, and keeps to its bounds', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(wave, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (scheduler, waves, batchMax, overlaps) => {
          const committed: number[] = []
          let underway = 0
          const commit = groupCommit<Item, string>(
            async (items) => {
              expect([items.length > 0, items.length <= batchMax]).toEqual([true, true])
              underway++
              expect(underway).toBe(1)
              await scheduler.schedule(Promise.resolve())
              underway--
              // All or none, as a transaction.
              if (items.some(({ isBad }) => isBad)) throw new Error('bad')
              committed.push(...items.map(({ id }) => id))
              return items.map(({ id }) => `done ${id}`)
            },
            { batchMax, overlaps, gather: () => scheduler.schedule(Promise.resolve()) },
          )
          let next = 0
          const told: Promise<readonly [Item, string]>[] = []
          for (const bad of waves) {
            for (const isBad of bad) {
              const item = { id: next++, isBad }
              told.push(
                commit(item).then(
                  (outcome) => [item, outcome] as const,
                  (fault: Error) => [item, fault.message] as const,
                ),
              )
            }
            if (scheduler.count() > 0) await scheduler.waitOne()
          }
          const outcomes = await scheduler.waitFor(Promise.all(told))
          for (const [{ id, isBad }, outcome] of outcomes) expect(outcome).toBe(isBad ? 'bad' : `done ${id}`)
          const good = outcomes.filter(([{ isBad }]) => !isBad).map(([{ id }]) => id)
          expect(committed.toSorted((a, b) => a - b)).toEqual(good)
        },
      ),
      fuzzed(150),
    )
  })

  it('fails all who wait when the store is away, and serves who comes after', async () => {
    class StoreUnavailableError extends Error {
      override readonly name = 'StoreUnavailableError'
    }
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        async (count, batchMax, overlaps) => {
          let isAway = true
          const tried: number[] = []
          const commit = groupCommit<number, number>(
            async (items) => {
              tried.push(...items)
              if (isAway) throw new StoreUnavailableError()
              return items
            },
            { batchMax, overlaps },
          )
          const outcomes = await Promise.allSettled(
            Array.from({ length: count }, (_, index) => commit(index)),
          )
          expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
          // What it did with them is not known: nothing is tried again.
          expect(new Set(tried).size).toBe(tried.length)
          isAway = false
          expect(await commit(99)).toBe(99)
        },
      ),
      fuzzed(60),
    )
  })
})

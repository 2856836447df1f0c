import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emissionIntervalMs, limitState } from '../../src/core/limits/rate-limit.ts'
import type { Store } from '../../src/core/ports.ts'
import { openPostgres } from '../../src/runtime/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { fuzzed, patience } from './fuzzed.ts'

let database: TestDatabase
let store: Store
let close: () => Promise<void>

beforeAll(async () => {
  database = await migratedDatabase()
  const settings = { url: database.url, poolMax: 4, connectTimeoutMs: 5000, queryTimeoutMs: 20_000 }
  const opened = openPostgres(settings, () => {})
  store = createStore(opened.db, opened.hotPath)
  close = opened.close
})

afterAll(async () => {
  await close?.()
  await database?.drop()
})

const rate = fc.record({
  limit: fc.integer({ min: 1, max: 6 }),
  windowSeconds: fc.integer({ min: 1, max: 20 }),
})
/** How long after the call before, in milliseconds: often at once, sometimes for the whole window. */
const pause = fc.oneof(fc.constantFrom(0, 0, 1), fc.nat(3000), fc.nat(30_000))

describe('a rate limit', patience, () => {
  it('lets through a burst and its rate, and never one more, in whatever rhythm calls come', async () => {
    await fc.assert(
      fc.asyncProperty(rate, fc.array(pause, { minLength: 1, maxLength: 18 }), async (limit, pauses) => {
        const bucket = crypto.randomUUID()
        let nowMs = Date.parse('2026-01-01T00:00:00.000Z')
        const allowedAtMs: number[] = []
        for (const ms of pauses) {
          nowMs += ms
          const take = { ...limit, bucket, now: new Date(nowMs) }
          const outcome = await store.takeRate(take)
          const state = limitState({ policy: 'key', take, outcome })
          expect([state.remaining >= 0, state.remaining < limit.limit, state.resetSeconds >= 1]).toEqual([
            true,
            true,
            true,
          ])
          expect(state.resetSeconds).toBeLessThanOrEqual(limit.windowSeconds)
          // As a model says it that remembers every call.
          const isExpected = fits([...allowedAtMs, nowMs], limit)
          expect([limit, pauses, nowMs, outcome.allowed]).toEqual([limit, pauses, nowMs, isExpected])
          if (outcome.allowed) allowedAtMs.push(nowMs)
        }
        for (const [first, fromMs] of allowedAtMs.entries()) {
          for (const [last, toMs] of allowedAtMs.entries()) {
            if (last < first) continue
            const earned = (toMs - fromMs) / emissionIntervalMs(limit)
            expect(last - first + 1).toBeLessThanOrEqual(limit.limit + earned + 1e-6)
          }
        }
      }),
      fuzzed(40),
    )
  })

  it('asked twice at once is counted twice', async () => {
    await fc.assert(
      fc.asyncProperty(rate, fc.integer({ min: 1, max: 12 }), async (limit, calls) => {
        const take = { ...limit, bucket: crypto.randomUUID(), now: new Date('2026-01-01T00:00:00.000Z') }
        const outcomes = await Promise.all(Array.from({ length: calls }, () => store.takeRate(take)))
        expect(outcomes.filter(({ allowed }) => allowed)).toHaveLength(Math.min(calls, limit.limit))
      }),
      fuzzed(15),
    )
  })

  it('that a clock stepped back upon blocks nobody for longer than its window', async () => {
    await fc.assert(
      fc.asyncProperty(rate, fc.integer({ min: 1, max: 10_000_000 }), async (limit, backMs) => {
        const bucket = crypto.randomUUID()
        const later = new Date('2026-06-01T00:00:00.000Z')
        for (let call = 0; call < limit.limit; call++) await store.takeRate({ ...limit, bucket, now: later })
        const now = new Date(later.getTime() - backMs)
        const after = new Date(now.getTime() + limit.windowSeconds * 1000)
        const take = { ...limit, bucket, now }
        const { resetSeconds } = limitState({ policy: 'key', take, outcome: await store.takeRate(take) })
        expect(resetSeconds).toBeLessThanOrEqual(limit.windowSeconds)
        expect((await store.takeRate({ ...limit, bucket, now: after })).allowed).toBe(true)
      }),
      fuzzed(20),
    )
  })
})

/** Whether the last of these calls fits behind the others: the bucket, followed by hand in whole microseconds. */
function fits(
  callsMs: readonly number[],
  limit: { readonly limit: number; readonly windowSeconds: number },
): boolean {
  const step = Math.floor((limit.windowSeconds * 1_000_000) / limit.limit)
  let arrival = 0
  let isFitting = true
  for (const ms of callsMs) {
    const next = Math.max(arrival, ms * 1000) + step
    isFitting = next <= ms * 1000 + limit.windowSeconds * 1_000_000
    if (isFitting) arrival = next
  }
  return isFitting
}

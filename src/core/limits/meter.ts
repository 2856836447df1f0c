import type { Eventually } from '../eventually.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { type LimitState, limitState } from './rate-limit.ts'

/** What a metered call is told about the limits of its key. */
export interface MeterReading {
  readonly rate: LimitState | undefined
  /** Calls that the key's quota still holds; undefined without a quota. */
  readonly quotaRemaining: number | undefined
}

/** Of a call that no key stands behind, or one without limits. */
export const unmetered: MeterReading = { rate: undefined, quotaRemaining: undefined }

/**
 * Counts one call of a key, whether it came with the key or with a token of it. A key without limits costs no look at
 * the database; one with limits is counted exactly, over all instances, in one statement each.
 */
export function meterCall(world: World, key: ApiKey, now: Date): Eventually<Result<MeterReading, Failure>> {
  return key.rateLimit === undefined && key.quota === undefined ? ok(unmetered) : countCall(world, key, now)
}

async function countCall(world: World, key: ApiKey, now: Date): Promise<Result<MeterReading, Failure>> {
  const rate = await takeRate(world, key, now)
  if (!rate.ok) return rate
  if (key.quota === undefined) return ok({ rate: rate.value, quotaRemaining: undefined })
  const taken = await world.store.takeQuota(key.id, key.quota)
  if (taken === undefined) return fail({ reason: 'quota_exhausted', keyId: key.id, quota: key.quota })
  return ok({ rate: rate.value, quotaRemaining: Math.max(0, key.quota - taken) })
}

async function takeRate(
  world: World,
  key: ApiKey,
  now: Date,
): Promise<Result<LimitState | undefined, Failure>> {
  if (key.rateLimit === undefined) return ok(undefined)
  const take = { ...key.rateLimit, bucket: `key:${key.id}`, now }
  const outcome = await world.store.takeRate(take)
  const state = limitState({ policy: 'key', take, outcome })
  return outcome.allowed ? ok(state) : fail({ reason: 'rate_limited', state })
}

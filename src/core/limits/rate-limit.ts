import type { RateLimit } from '../keys/api-key.ts'

/** Whose limits there are: of a key, of a route, on the guesses of an address, and on what strangers may ask of accounts. */
export type LimitPolicy = 'key' | 'route' | 'guess' | 'login' | 'account'

/** One call that wants to pass a GCRA bucket. */
export interface RateTake extends RateLimit {
  readonly bucket: string
  readonly now: Date
}

/**
 * The theoretical arrival time of a GCRA bucket after a call was judged (ITU-T I.371): how far ahead of `now` it lies
 * says how full the bucket is.
 */
export interface RateOutcome {
  readonly allowed: boolean
  readonly arrivalAt: Date
}

export interface LimitState {
  /** Whose limit it is. */
  readonly policy: LimitPolicy
  readonly limit: number
  readonly windowSeconds: number
  readonly remaining: number
  /** Whole seconds until a call is possible again, or until the bucket is full again when one is possible now. */
  readonly resetSeconds: number
}

/** How far each call pushes the arrival time, in milliseconds: whole microseconds, rounded down so that all calls fit. */
export function emissionIntervalMs({ limit, windowSeconds }: RateLimit): number {
  return Math.floor((windowSeconds * 1_000_000) / limit) / 1000
}

/** What the bucket says of itself after a call was judged. */
export function limitState({
  policy,
  take,
  outcome,
}: {
  readonly policy: LimitPolicy
  readonly take: RateTake
  readonly outcome: RateOutcome
}): LimitState {
  const { limit, windowSeconds } = take
  const interval = emissionIntervalMs(take)
  const aheadMs = Math.max(0, outcome.arrivalAt.getTime() - take.now.getTime())
  const remaining = outcome.allowed ? Math.max(0, Math.floor((windowSeconds * 1000 - aheadMs) / interval)) : 0
  const waitMs = outcome.allowed ? aheadMs : aheadMs + interval - windowSeconds * 1000
  return { policy, limit, windowSeconds, remaining, resetSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
}

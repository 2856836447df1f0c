import type { LimitState } from '../core/limits/rate-limit.ts'

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers), of a call that passed and of one that did not. */
export function limitHeaders(state: LimitState): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy': `"${state.policy}";q=${state.limit};w=${state.windowSeconds}`,
    RateLimit: `"${state.policy}";r=${state.remaining};t=${state.resetSeconds}`,
  }
}

/** The same with `Retry-After`, of a call that was refused (RFC 6585 §4). */
export function refusedLimitHeaders(state: LimitState): Readonly<Record<string, string>> {
  return { 'Retry-After': String(state.resetSeconds), ...limitHeaders(state) }
}

import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'

/** How long ago this process last knew of every revocation. */
export function revocationsAgeSeconds({ memory }: Pick<ServiceParts, 'memory'>, now: Date): number {
  return memory.revocations.ageSeconds(now)
}

/** Refuses while this process does not know whether a revocation has been missed for too long. */
export function knowsRevocations(parts: ServiceParts, now: Date): Result<void, Failure> {
  const staleSeconds = revocationsAgeSeconds(parts, now)
  if (staleSeconds <= parts.policy.revocationsStaleSeconds) return ok(undefined)
  return fail({ reason: 'revocations_stale', staleSeconds })
}

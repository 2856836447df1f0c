import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'

/** How long ago this process last knew of every revocation; counted anew from when the clock is found to have stepped back. */
export function revocationsAgeSeconds({ memory }: Pick<ServiceParts, 'memory'>, now: Date): number {
  const { revocations } = memory
  // Else nobody would learn, for as long as the step was, that nothing is heard any more.
  if (revocations.syncedAt() > now) revocations.markSynced(now)
  return (now.getTime() - revocations.syncedAt().getTime()) / 1000
}

/** Refuses while this process does not know whether a revocation has been missed for too long. */
export function knowsRevocations(parts: ServiceParts, now: Date): Result<void, Failure> {
  const staleSeconds = revocationsAgeSeconds(parts, now)
  if (staleSeconds <= parts.policy.revocationsStaleSeconds) return ok(undefined)
  return fail({ reason: 'revocations_stale', staleSeconds })
}

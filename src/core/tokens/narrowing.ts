import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { Policy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'

/** The wish for less than the key would give; each undefined part asks for all of it. */
export interface Narrowing {
  readonly permissions: readonly string[] | undefined
  readonly audiences: readonly string[] | undefined
  readonly accessTtlSeconds: number | undefined
}

/** All that could be given. */
export interface Held {
  readonly permissions: readonly string[]
  readonly audiences: readonly string[]
  readonly policy: Policy
}

/** Says whether a wish only narrows. A wish for more is refused, never trimmed, so that nobody is surprised later. */
export function admitNarrowing(wish: Narrowing, held: Held): Result<Narrowing, Failure> {
  const { permissions, audiences, policy } = held
  const missing = uncovered(permissions, wish.permissions ?? [])
  if (missing.length > 0) return fail({ reason: 'permissions_not_held', permissions: missing })
  const unknown = (wish.audiences ?? []).filter((audience) => !audiences.includes(audience))
  if (unknown.length > 0) return fail({ reason: 'audience_unknown', audiences: unknown })
  if ((wish.accessTtlSeconds ?? 0) > policy.accessTtlSeconds) {
    return fail({ reason: 'lifetime_too_long', accessTtlSeconds: policy.accessTtlSeconds })
  }
  return ok(wish)
}

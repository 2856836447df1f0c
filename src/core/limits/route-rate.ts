import type { Failure } from '../failure.ts'
import type { RateLimit } from '../keys/api-key.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { type LimitState, limitState } from './rate-limit.ts'

/** One call against the limit of a route: each caller has a bucket of its own there. */
export interface RouteTake {
  readonly route: string
  /** The key or the person behind the call, else the caller's address. */
  readonly by:
    | { readonly keyId: string }
    | { readonly userId: string }
    | { readonly address: string | undefined }
  readonly rate: RateLimit
}

/** Counts a call against a route's own limit, over all instances, as a key's limit is counted. */
export async function takeRouteRate(
  world: World,
  { route, by, rate }: RouteTake,
): Promise<Result<LimitState, Failure>> {
  const take = { ...rate, bucket: `route:${route}:${bucketOf(world, by)}`, now: world.now() }
  const outcome = await world.store.takeRate(take)
  const state = limitState({ policy: 'route', take, outcome })
  return outcome.allowed ? ok(state) : fail({ reason: 'rate_limited', state })
}

/** Callers without an address share one bucket: limited, never skipped. */
function bucketOf({ addresses }: World, by: RouteTake['by']): string {
  if ('keyId' in by) return `key:${by.keyId}`
  if ('userId' in by) return `user:${by.userId}`
  return `address:${by.address === undefined ? 'unknown' : addresses.site(by.address)}`
}

import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'

/** What one site may ask without a token that costs us a slow hash or a mail: registrations, links. */
const perSite = { limit: 100, windowSeconds: 3600 }

/** Counts one such question of a caller; those without an address share one count. */
export async function takeAccountQuestion(
  { addresses, store }: Pick<World, 'addresses' | 'store'>,
  { address }: Caller,
  now: Date,
): Promise<Result<void, Failure>> {
  const site = address === undefined ? 'unknown' : addresses.site(address)
  const take = { ...perSite, bucket: `account:${site}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'

/** Codes that one person is mailed at most: nobody's mailbox is filled by somebody who knows their password. */
const RATE = { limit: 5, windowSeconds: 900 }

/** Counts a code that is to be mailed to somebody, over all instances. */
export async function takeMailRate(
  { store }: Pick<World, 'store'>,
  userId: string,
  now: Date,
): Promise<Result<void, Failure>> {
  const take = { ...RATE, bucket: `mailed-code:${userId}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'route', take, outcome }) })
}

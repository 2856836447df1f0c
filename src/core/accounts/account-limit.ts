import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, type Result } from '../result.ts'
import { admitCaptcha, presentCaptcha } from './captcha.ts'

/** What one site may ask without a token that costs us a slow hash or a mail: registrations, links. */
const perSite = { limit: 100, windowSeconds: 3600 }

/** A question for a link by mail. */
export interface LinkRequest {
  readonly email: string
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

/**
 * Admits one such question of a stranger, by the limit and the captcha; callers without an address share one count. It is
 * counted before the captcha's provider is asked, so that wrong answers do not have us ask without end.
 */
export async function takeAccountQuestion(
  world: Pick<World, 'addresses' | 'store' | 'captcha'>,
  { caller, captcha }: { readonly caller: Caller; readonly captcha: string | undefined },
  now: Date,
): Promise<Result<void, Failure>> {
  const presented = presentCaptcha(world, captcha)
  if (!presented.ok) return presented
  const { address } = caller
  const site = address === undefined ? 'unknown' : world.addresses.site(address)
  const take = { ...perSite, bucket: `account:${site}`, now }
  const outcome = await world.store.takeRate(take)
  if (outcome.allowed) return admitCaptcha(world, captcha, caller)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { ok, type Result } from '../result.ts'
import { admitCaptcha, presentCaptcha } from './captcha.ts'
import { type Attempt, givenBackBy, takeAttempt } from './sign-in-throttle.ts'

/**
 * Admits an attempt to sign in: not while a delay lasts, and of suspects only those who pass the captcha. One that does not
 * is a failure as a wrong password is; where nobody could be asked nothing is counted.
 */
export async function admitAttempt(
  world: Pick<World, 'store' | 'captcha'>,
  attempt: Attempt,
  {
    captcha,
    caller,
    now,
  }: { readonly captcha: string | undefined; readonly caller: Caller; readonly now: Date },
): Promise<Result<void, Failure>> {
  const taken = await takeAttempt(world, attempt, { now, suspects: presentCaptcha(world, captcha) })
  if (!taken.ok) return taken
  if (!taken.value.isSuspect) return ok(undefined)
  const passed = await admitCaptcha(world, captcha, caller)
  if (!passed.ok && passed.failure.reason === 'captcha_unavailable') {
    await world.store.settleSignInFailures(givenBackBy(attempt))
  }
  return passed
}

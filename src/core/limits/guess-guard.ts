import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { limitState } from './rate-limit.ts'

/** How many wrong credentials an address may show: 30 at once, then one a second. */
const guesses = { limit: 30, windowSeconds: 30 } as const
/** So many blocked addresses are remembered here; all are counted in the store. */
const BLOCKED_MAX = 10_000

/** Keeps an address from guessing. Only wrong credentials count, so that a busy honest client is never slowed. */
export interface GuessGuard {
  /** Refuses, without a look at the credential, an address that has guessed too much. */
  readonly admit: (world: GuessWorld, address: string | undefined, now: Date) => Result<void, Failure>
  /** Counts a wrong credential, for all instances; refuses when it was one too many. */
  readonly countWrong: (
    world: GuessWorld,
    address: string | undefined,
    now: Date,
  ) => Promise<Result<void, Failure>>
}

type GuessWorld = Pick<World, 'store' | 'addresses'>

export function createGuessGuard(): GuessGuard {
  const blockedUntilMs = new Map<string, number>()
  // Callers without an address share one bucket: limited, never skipped.
  const siteOf = ({ addresses }: GuessWorld, address: string | undefined) =>
    address === undefined ? 'unknown' : addresses.site(address)
  return {
    admit(world, address, now) {
      const site = siteOf(world, address)
      const untilMs = blockedUntilMs.get(site)
      if (untilMs === undefined) return ok(undefined)
      // Blocked for longer than anybody is: the clock has stepped back.
      if (untilMs <= now.getTime() || untilMs - now.getTime() > guesses.windowSeconds * 1000) {
        blockedUntilMs.delete(site)
        return ok(undefined)
      }
      const resetSeconds = Math.ceil((untilMs - now.getTime()) / 1000)
      return fail({
        reason: 'rate_limited',
        state: { policy: 'guess', ...guesses, remaining: 0, resetSeconds },
      })
    },
    async countWrong(world, address, now) {
      const site = siteOf(world, address)
      const take = { ...guesses, bucket: `guess:${site}`, now }
      const outcome = await world.store.takeRate(take)
      if (outcome.allowed) return ok(undefined)
      const state = limitState({ policy: 'guess', take, outcome })
      if (blockedUntilMs.size >= BLOCKED_MAX)
        blockedUntilMs.delete(blockedUntilMs.keys().next().value as string)
      blockedUntilMs.set(site, now.getTime() + state.resetSeconds * 1000)
      return fail({ reason: 'rate_limited', state })
    },
  }
}

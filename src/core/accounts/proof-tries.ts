import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'

const FREE_TRIES = 5
const DELAY_MAX_SECONDS = 900
/** As many wrong tries in a row as one account may ever see before it is left alone for a day (NIST SP 800-63B-4 §3.2.2). */
const TRIES_MAX = 100
const DAY_SECONDS = 86_400

/** The limit as a refusal tells of it. */
const limit = {
  policy: 'login',
  limit: FREE_TRIES,
  windowSeconds: DELAY_MAX_SECONDS,
  remaining: 0,
} as const

/**
 * Counts a try of a code, or of the password of somebody who is signed in, before anybody looks at it: per account, so
 * that neither a new sign-in nor another instance brings new tries.
 */
export function takeProofTry(
  world: Pick<World, 'store' | 'vault'>,
  userId: string,
  now: Date,
): Promise<Result<void, Failure>> {
  const subject = proofSubject(world, userId)
  return world.store.changeSignInFailures<Result<void, Failure>>([subject], ([found]) => {
    const blockedUntil = found?.blockedUntil
    if (blockedUntil !== undefined && blockedUntil > now) {
      const resetSeconds = Math.ceil((blockedUntil.getTime() - now.getTime()) / 1000)
      return { write: [], outcome: fail({ reason: 'login_delayed', state: { ...limit, resetSeconds } }) }
    }
    const failures = (found?.failures ?? 0) + 1
    const row = { subject, failures, lastFailedAt: now, blockedUntil: blockedFrom(failures, now) }
    return { write: [row], outcome: ok(undefined) }
  })
}

/** Forgets the tries of an account that has come to a good end. */
export function clearProofTries(world: Pick<World, 'store' | 'vault'>, userId: string): Promise<void> {
  return world.store.settleSignInFailures({ cleared: [proofSubject(world, userId)], givenBack: [] })
}

function proofSubject({ vault }: Pick<World, 'vault'>, userId: string): string {
  return vault.digest('sign-in-subject', `proof ${userId}`)
}

/** 1, 2, 4 … seconds from the fifth wrong try in a row. */
function blockedFrom(failures: number, now: Date): Date | undefined {
  if (failures < FREE_TRIES) return undefined
  const doubled = Math.min(2 ** Math.min(failures - FREE_TRIES, 20), DELAY_MAX_SECONDS)
  const seconds = failures < TRIES_MAX ? doubled : DAY_SECONDS
  return new Date(now.getTime() + seconds * 1000)
}

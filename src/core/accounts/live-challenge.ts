import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { isLive, parseChallenge, type SignInChallenge } from './challenge.ts'
import type { UserWithRole } from './user.ts'

/** A challenge that leads on, with whom it is about. */
export interface LiveChallenge extends UserWithRole {
  readonly challenge: SignInChallenge
}

/**
 * Finds the challenge of a text. It is as good as none when it is used or over, and when its user has changed since the
 * password was judged: another password, another factor, a lock.
 */
export async function findLiveChallenge(
  world: Pick<World, 'store' | 'vault'>,
  text: string,
  now: Date,
): Promise<Result<LiveChallenge, Failure>> {
  const id = parseChallenge(text)
  const found = id === undefined ? undefined : await world.store.findChallenge(id)
  const judged = found?.challenge.userVersion
  if (
    found === undefined ||
    !isLive(world, found.challenge, { text, now }) ||
    found.user.version !== judged
  ) {
    return fail({ reason: 'challenge_invalid' })
  }
  return ok(found)
}

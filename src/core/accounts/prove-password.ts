import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitUser } from './admit-user.ts'
import { hasFactor } from './has-factor.ts'
import { personOf } from './person-of.ts'
import { type Attempt, attemptOf, settledBy, takeAttempt } from './sign-in-throttle.ts'
import type { UserWithRole } from './user.ts'

/** Somebody who is signed in and has shown their password again. */
export interface ProvenPerson extends UserWithRole {
  readonly sessionId: string
  /** The hash that was judged: a change is written only where it is still the one. */
  readonly passwordHash: string
}

/**
 * Has the person of a session show the password: an unlocked screen, or a stolen token, changes nothing that matters. A
 * wrong one counts as a failed sign-in does. Where a second factor counts, only a session of two factors will do.
 */
export async function provePassword(
  { world }: Pick<ServiceParts, 'world'>,
  actor: Actor,
  password: string,
): Promise<Result<ProvenPerson, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { userId, sessionId, aal } = person.value
  // Else who has the password could have the address changed, and with it where codes are mailed to.
  if (aal < 2 && (await hasFactor(world.store, userId))) {
    return fail({ reason: 'second_factor_required', by: 'session' })
  }
  const attempt = attemptBy({ world }, actor, userId)
  const taken = await takeAttempt(world, attempt, { now: world.now() })
  if (!taken.ok) return taken
  const found = await world.store.findUser(userId)
  if (found === undefined) return fail({ reason: 'person_needed' })
  const admitted = admitUser(found.user, world.now())
  if (!admitted.ok) return admitted
  const { passwordHash } = found.user
  const right =
    passwordHash !== undefined &&
    password.isWellFormed() &&
    (await world.passwords.verify(password, passwordHash))
  if (!right) return fail({ reason: 'reauthentication_failed', field: 'password' })
  await world.store.settleSignInFailures(settledBy(attempt))
  return ok({ ...found, sessionId, passwordHash })
}

/**
 * As at a sign-in, but for the account as a whole, which has a count of its own here: strangers' failures, who have no
 * session, do not keep the owner from changing the password, and a stolen token does not bring guesses without end.
 */
function attemptBy({ world }: Pick<ServiceParts, 'world'>, { caller }: Actor, userId: string): Attempt {
  return {
    ...attemptOf(world, { account: userId, caller, deviceKnown: true }),
    account: world.vault.digest('sign-in-subject', JSON.stringify(['proof', userId])),
  }
}

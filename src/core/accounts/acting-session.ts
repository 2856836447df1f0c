import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitPersonSession } from '../tokens/refresh-person.ts'
import type { AssuranceLevel, SessionWithUser } from '../tokens/session.ts'
import { personOf } from './person-of.ts'

/** The session that somebody acts in, as the store has it now. */
export interface ActingSession extends SessionWithUser {
  /** What both the token and the session have shown: either may have been raised or lowered since the other was made. */
  readonly level: AssuranceLevel
}

/** Finds the session of the person who acts, and that nothing has ended it. */
export async function findActingSession(
  { world }: Pick<ServiceParts, 'world'>,
  actor: Actor,
  now: Date,
): Promise<Result<ActingSession, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { sessionId, userId, aal } = person.value
  const found = await world.store.findPersonSession(sessionId)
  if (found === undefined || found.user.id !== userId) return fail({ reason: 'person_needed' })
  const admitted = admitPersonSession(found, now)
  if (!admitted.ok) return isOver(admitted.failure) ? fail({ reason: 'session_not_found' }) : admitted
  return ok({ ...found, level: aal === 2 && found.session.aal === 2 ? 2 : 1 })
}

/**
 * The same where the session alone is proof enough of who is at the screen, as the Supabase face has it. Elsewhere the
 * password is asked for: a token of such a session must not get around that here.
 */
export async function findLooseSession(
  parts: Pick<ServiceParts, 'world'>,
  actor: Actor,
  now: Date,
): Promise<Result<ActingSession, Failure>> {
  const found = await findActingSession(parts, actor, now)
  if (!found.ok || found.value.session.face === 'supabase') return found
  return fail({ reason: 'access_token_invalid', cause: 'face' })
}

/** Refuses somebody who is known by nothing: factors keep safe what has an owner. */
export function admitNamed({ user }: Pick<ActingSession, 'user'>): Result<void, Failure> {
  return user.isAnonymous ? fail({ reason: 'anonymous_refused' }) : ok(undefined)
}

/** It is the session of the call itself, and no refresh token was shown. */
function isOver({ reason }: Failure): boolean {
  return reason === 'session_revoked' || reason === 'refresh_token_expired'
}

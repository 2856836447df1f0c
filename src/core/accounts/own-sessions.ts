import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonSession } from '../tokens/session.ts'
import { personOf } from './person-of.ts'
import { endSessions } from './sign-out.ts'

export interface OwnSession {
  readonly session: PersonSession
  /** The one that the call is made with. */
  readonly isCurrent: boolean
}

/** The live sessions of the person who asks, the newest first. */
export async function listOwnSessions(
  { world }: ServiceParts,
  actor: Actor,
): Promise<Result<readonly OwnSession[], Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { userId, sessionId } = person.value
  const sessions = await world.store.listPersonSessions(userId, world.now())
  return ok(sessions.map((session) => ({ session, isCurrent: session.id === sessionId })))
}

/** Ends one session of the person who asks. Anybody else's is not there. */
export async function endOwnSession(
  parts: ServiceParts,
  actor: Actor,
  sessionId: string,
): Promise<Result<void, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const ended = await endSessions(parts, { userId: person.value.userId, scope: 'session', sessionId })
  return ended === 0 ? fail({ reason: 'session_not_found' }) : ok(undefined)
}

import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
import { personOf } from './person-of.ts'

/** Which sessions of a person are to end. */
export const signOutScopes = ['session', 'others', 'all'] as const
export type SignOutScope = (typeof signOutScopes)[number]

/** Ends sessions of the person who asks: their refresh tokens and all their access tokens. Answers how many there were. */
export async function signOut(
  parts: ServiceParts,
  actor: Actor,
  scope: SignOutScope,
): Promise<Result<{ readonly sessions: number }, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { userId, sessionId } = person.value
  return ok({ sessions: await endSessions(parts, { userId, scope, sessionId }) })
}

/** Ends sessions of a user, for whatever reason. `sessionId` is the one that asks. */
export async function endSessions(
  { world, policy, memory }: ServiceParts,
  which: { readonly userId: string; readonly scope: SignOutScope; readonly sessionId: string },
): Promise<number> {
  const now = world.now()
  const { clockSkewSeconds } = policy
  const revocations = await world.store.endPersonSessions({ ...which, now }, (subject) =>
    revocationOf({ kind: 'session', subject }, { now, clockSkewSeconds }),
  )
  for (const revocation of revocations) noteRevocation(memory, revocation)
  return revocations.length
}

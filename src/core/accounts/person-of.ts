import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { personClientId } from '../tokens/access-claims.ts'

/** Who manages an account by a call: its person, in person. */
export interface ActingPerson {
  readonly userId: string
  readonly sessionId: string
  readonly permissions: readonly string[]
  readonly aal: 1 | 2
}

/**
 * The person who makes a call; refused for machines, also for one that acts for a person by a narrowed token: what it was
 * given to do was not to manage the account.
 */
export function personOf({ principal }: Actor): Result<ActingPerson, Failure> {
  const { assurance, clientId, parentTokenIds, subject, sessionId, permissions } = principal
  const isOwn = clientId === personClientId && parentTokenIds.length === 0
  if (assurance === undefined || !isOwn) return fail({ reason: 'person_needed' })
  return ok({ userId: subject, sessionId, permissions, aal: assurance.level })
}

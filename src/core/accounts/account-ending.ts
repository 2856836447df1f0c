import type { ServiceParts } from '../service-parts.ts'
import { type Revocation, revocationOf } from '../tokens/revocations.ts'
import type { UserEnding } from './administration-store.ts'

/** The end of all that lives of a user; of the sessions alone where the account itself goes on. */
export function endingOf(
  { policy: { clockSkewSeconds } }: Pick<ServiceParts, 'policy'>,
  { userId, now }: { readonly userId: string | undefined; readonly now: Date },
): UserEnding {
  const revoke = (kind: Revocation['kind'], subject: string) =>
    revocationOf({ kind, subject }, { now, clockSkewSeconds })
  return {
    now,
    user: userId === undefined ? undefined : revoke('user', userId),
    session: (sessionId) => revoke('session', sessionId),
  }
}

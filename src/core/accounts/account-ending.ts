import type { ServiceParts } from '../service-parts.ts'
import { type Revocation, revocationOf } from '../tokens/revocations.ts'
import type { UserChange, UserEnding } from './administration-store.ts'
import { queuedMail } from './mail.ts'
import type { User } from './user.ts'

/** How long a deleted account can be restored; then nothing of the person is left in it. */
export const restorableDays = 30

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

/** The deletion of an account: it ends at once, and its owner is told until when it can be restored. */
export function deletionOf(
  parts: Pick<ServiceParts, 'world' | 'policy'>,
  { id, email, locale }: Pick<User, 'id' | 'email' | 'locale'>,
  now: Date,
): Pick<UserChange, 'standing' | 'ending' | 'mails'> {
  const facts = { restorableUntil: restorableUntil(now).toISOString() }
  const mail = { kind: 'account-deleted', to: email, facts, userId: id, locale, voidKey: undefined } as const
  return {
    standing: { deletedAt: now },
    ending: endingOf(parts, { userId: id, now }),
    mails: [queuedMail(parts.world, mail, now)],
  }
}

export function restorableUntil(deletedAt: Date): Date {
  return new Date(deletedAt.getTime() + restorableDays * 86_400_000)
}

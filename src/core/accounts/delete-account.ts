import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
import { mailToPerson } from './mail-to-person.ts'
import { provePassword } from './prove-password.ts'
import type { User } from './user.ts'

/** How long an administrator can restore a deleted account. */
const restorableSeconds = 30 * 86_400

/** When what is left of a deleted account is erased. */
export function erasedFrom(deletedAt: Date): Date {
  return new Date(deletedAt.getTime() + restorableSeconds * 1000)
}

/** The other way round: accounts that were deleted before this are to be erased at `now`. */
export function erasableBefore(now: Date): Date {
  return new Date(now.getTime() - restorableSeconds * 1000)
}

/** Deletes the account of the person who asks. Answers until when it can be restored. */
export async function deleteOwnAccount(
  parts: ServiceParts,
  actor: Actor,
  password: string,
): Promise<Result<{ readonly restorableUntil: Date }, Failure>> {
  return untilSettled(async () => {
    const proven = await provePassword(parts, actor, password)
    if (!proven.ok) return proven
    const { user, passwordHash } = proven.value
    return deleteUser(parts, user, { passwordHash })
  })
}

/**
 * Ends an account at once: its sessions and tokens, its links, the clients and keys that it owns. Its data stays, and its
 * address is nobody else's, for as long as it can be restored. `changed` when the password is no longer the one judged.
 */
export async function deleteUser(
  { world, policy, memory }: ServiceParts,
  user: User,
  { passwordHash: from }: { readonly passwordHash: string | undefined },
): Promise<Result<{ readonly restorableUntil: Date }, Failure> | typeof changed> {
  const now = world.now()
  const { id: userId } = user
  const restorableUntil = erasedFrom(now)
  const facts = { restorableUntil: restorableUntil.toISOString() }
  const revocations = await world.store.deleteUser({
    userId,
    from,
    at: now,
    revoke: (of) => revocationOf(of, { now, ...policy }),
    mails: [mailToPerson(world, { user, kind: 'account-deleted', facts }, now)],
  })
  if (revocations === undefined) return changed
  if (revocations === 'last_admin') return fail({ reason: 'last_admin' })
  for (const revocation of revocations) noteRevocation(memory, revocation)
  return ok({ restorableUntil })
}

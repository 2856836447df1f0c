import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
import { admitNewPassword } from './admit-new-password.ts'
import type { QueuedMail } from './mail.ts'
import { mailToPerson } from './mail-to-person.ts'
import { provePassword } from './prove-password.ts'
import type { User } from './user.ts'

export interface PasswordWish {
  readonly currentPassword: string
  readonly newPassword: string
}

/**
 * Changes the password of the person who asks. Their other sessions end, what was mailed to set a password is void, and
 * the owner is told. Answers how many sessions ended.
 */
export async function changePassword(
  parts: ServiceParts,
  actor: Actor,
  { currentPassword, newPassword }: PasswordWish,
): Promise<Result<{ readonly sessions: number }, Failure>> {
  const { world, policy, memory } = parts
  return untilSettled(async () => {
    // After a lost race the current password is judged afresh: somebody may just have changed it.
    const proven = await provePassword(parts, actor, currentPassword)
    if (!proven.ok) return fail(ofCurrentPassword(proven.failure))
    const { user, role, passwordHash, sessionId } = proven.value
    const chosen = await admitNewPassword(parts, { ...user, role }, newPassword)
    if (!chosen.ok) return fail(ofNewPassword(chosen.failure))
    if (newPassword === currentPassword) return fail(ofNewPassword(unchanged(parts)))
    const to = await world.passwords.hash(newPassword)
    const at = world.now()
    const revocations = await world.store.changePassword({
      userId: user.id,
      from: passwordHash,
      to,
      at,
      sessionId,
      revoke: (subject) => revocationOf({ kind: 'session', subject }, { now: at, ...policy }),
      mails: [passwordChangedMail(world, user, at)],
    })
    if (revocations === undefined) return changed
    for (const revocation of revocations) noteRevocation(memory, revocation)
    return ok({ sessions: revocations.length })
  })
}

/** The refusal of a password that is the one of before. */
export function unchanged({ policy }: Pick<ServiceParts, 'policy'>): Failure {
  const { passwordMinLength: minLength } = policy.accounts
  return { reason: 'password_unacceptable', problem: 'unchanged', minLength, field: 'password' }
}

/** Tells the owner, since it may not have been them. */
export function passwordChangedMail(world: ServiceParts['world'], user: User, at: Date): QueuedMail {
  return mailToPerson(world, { user, kind: 'password-changed', facts: { at: at.toISOString() } }, at)
}

/** Two passwords are asked for: a refusal names the one that it is of. */
function ofCurrentPassword(failure: Failure): Failure {
  return failure.reason === 'reauthentication_failed' ? { ...failure, field: 'current_password' } : failure
}

function ofNewPassword(failure: Failure): Failure {
  return failure.reason === 'password_unacceptable' ? { ...failure, field: 'new_password' } : failure
}

import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { revocationOf } from '../tokens/revocations.ts'
import { admitNewPassword } from './admit-new-password.ts'
import { admitUser } from './admit-user.ts'
import { passwordChangedMail, unchanged } from './change-password.ts'
import { findOneTimeToken } from './one-time-token-text.ts'

/**
 * Sets a new password by a mailed link, which a refused password does not use up. All sessions end, and nobody is signed
 * in by it: where there is a second factor the sign-in asks for it. Whoever has the link has the mailbox, so the address
 * is confirmed with it.
 */
export async function resetPassword(
  parts: ServiceParts,
  { token: text, password }: { readonly token: string; readonly password: string },
  caller: Caller,
): Promise<Result<{ readonly userId: string }, Failure>> {
  const { world, policy, memory } = parts
  const now = world.now()
  const token = await findOneTimeToken(world, text, { purpose: 'password-reset', now })
  const found = token && (await world.store.findUser(token.userId))
  if (token === undefined || found === undefined || !admitUser(found.user, now).ok) return invalid
  const { user, role } = found
  const chosen = await admitNewPassword(parts, { ...user, role }, password)
  if (!chosen.ok) return chosen
  // Where a new one is asked for, the old one may be known to somebody else.
  const { mustResetPassword, passwordHash: before } = user
  if (mustResetPassword && before !== undefined && (await world.passwords.verify(password, before))) {
    return fail(unchanged(parts))
  }
  const to = await world.passwords.hash(password)
  const { id: userId } = user
  const event = auditEvent(
    world,
    { kind: 'user.password-reset', clientId: personClientId, userId, target: userId },
    caller,
  )
  const revocations = await world.store.resetPassword({
    token,
    to,
    at: now,
    revoke: (subject) => revocationOf({ kind: 'session', subject }, { now, ...policy }),
    event,
    mails: [passwordChangedMail(world, user, now)],
  })
  if (revocations === undefined) return invalid
  for (const revocation of revocations) noteRevocation(memory, revocation)
  return ok({ userId })
}

const invalid = fail<Failure>({ reason: 'one_time_token_invalid' })

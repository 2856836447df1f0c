import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { revocationOf } from '../tokens/revocations.ts'
import { admitUser } from './admit-user.ts'
import { passwordResetLink } from './forgot-password.ts'
import { mailToPerson } from './mail-to-person.ts'
import { findOneTimeToken } from './one-time-token-text.ts'

/**
 * Takes a change of address back, by the link that was mailed to the address of before. Whoever made the change knew the
 * password: all sessions end, the password is good for nothing until it is reset, and the link for that goes with the
 * answer to the address that is now the account's again.
 */
export async function undoEmailChange(
  { world, policy, memory }: ServiceParts,
  text: string,
  caller: Caller,
): Promise<Result<{ readonly userId: string }, Failure>> {
  const now = world.now()
  const token = await findOneTimeToken(world, text, { purpose: 'email-undo', now })
  const found = token && (await world.store.findUser(token.userId))
  if (token?.email === undefined || found === undefined || !admitUser(found.user, now).ok) return invalid
  const { user } = found
  const { id: userId, locale } = user
  const to = token.email
  const reset = passwordResetLink(world, { id: userId, email: to, locale }, now)
  const facts = { at: now.toISOString() }
  const revocations = await world.store.undoEmailChange({
    token,
    to,
    at: now,
    reset: reset.token,
    revoke: (subject) => revocationOf({ kind: 'session', subject }, { now, ...policy }),
    event: auditEvent(
      world,
      { kind: 'user.email-undo', clientId: personClientId, userId, target: userId },
      caller,
    ),
    mails: [
      reset.mail,
      ...(user.email === to ? [] : [mailToPerson(world, { user, kind: 'email-change-undone', facts }, now)]),
    ],
  })
  if (revocations === undefined) return invalid
  for (const revocation of revocations) noteRevocation(memory, revocation)
  return ok({ userId })
}

const invalid = fail<Failure>({ reason: 'one_time_token_invalid' })

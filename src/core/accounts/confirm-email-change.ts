import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { admitUser } from './admit-user.ts'
import type { QueuedMail } from './mail.ts'
import { mailToPerson } from './mail-to-person.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { findOneTimeToken, mintOneTimeToken } from './one-time-token-text.ts'
import type { User } from './user.ts'

/** As long as the owner has to notice and to take the address back. */
const UNDO_TTL_SECONDS = 3 * 86_400

/**
 * Gives an account the address that the link was mailed to. The address of before is told, with a link that undoes it,
 * and is nobody else's while that is good. An address that was never confirmed is told nothing: it may be a stranger's,
 * who would be given the account. Sessions go on.
 */
export async function confirmEmailChange(
  { world }: ServiceParts,
  text: string,
  caller: Caller,
): Promise<Result<{ readonly userId: string }, Failure>> {
  const now = world.now()
  const token = await findOneTimeToken(world, text, { purpose: 'email-change', now })
  const found = token && (await world.store.findUser(token.userId))
  if (token?.email === undefined || found?.user.email === undefined || !admitUser(found.user, now).ok)
    return invalid
  const { user } = found
  const to = token.email
  const undo = user.emailConfirmedAt === undefined ? undefined : undoLink(world, { user, to }, now)
  const { id: userId } = user
  const event = auditEvent(
    world,
    { kind: 'user.email-change', clientId: personClientId, userId, target: userId },
    caller,
  )
  const outcome = await world.store.changeEmail({
    token,
    from: found.user.email,
    to,
    at: now,
    undo: undo?.token,
    event,
    mails: undo === undefined ? [] : [undo.mail],
  })
  // Whoever lost a race, for the link or for the address, asks for a new one.
  return outcome === 'changed' ? ok({ userId }) : invalid
}

const invalid = fail<Failure>({ reason: 'one_time_token_invalid' })

/** The way back from a change, which the address of before is mailed. */
export function undoLink(
  world: ServiceParts['world'],
  { user, to: newEmail }: { readonly user: User; readonly to: string },
  now: Date,
): { readonly token: OneTimeToken; readonly mail: QueuedMail } {
  const { id: userId, email } = user
  const { text, token } = mintOneTimeToken(
    world,
    { userId, purpose: 'email-undo', email, ttlSeconds: UNDO_TTL_SECONDS },
    now,
  )
  const facts = { newEmail, token: text, expiresAt: token.expiresAt.toISOString() }
  // Void by nothing: of two changes both old addresses are told.
  return { token, mail: mailToPerson(world, { user, kind: 'email-changed', facts }, now) }
}

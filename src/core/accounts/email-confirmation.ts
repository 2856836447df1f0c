import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import { type LinkRequest, takeAccountQuestion } from './account-limit.ts'
import { parseEmail } from './email.ts'
import { decoyMail, type QueuedMail, queuedMail } from './mail.ts'
import { takeMail } from './mail-limit.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { findOneTimeToken, mintOneTimeToken } from './one-time-token-text.ts'
import type { User } from './user.ts'

const TTL_SECONDS = 86_400

/** Confirms the address that a link was mailed to. */
export async function confirmEmail(
  { world }: ServiceParts,
  text: string,
  caller: Caller,
): Promise<Result<{ readonly userId: string }, Failure>> {
  const now = world.now()
  const token = await findOneTimeToken(world, text, { purpose: 'email-confirm', now })
  if (token === undefined) return fail({ reason: 'one_time_token_invalid' })
  const { userId } = token
  const event = auditEvent(
    world,
    { kind: 'user.email-confirm', clientId: personClientId, userId, target: userId },
    caller,
  )
  const confirmed = await world.store.confirmEmail(token, { at: now, event })
  return confirmed ? ok({ userId }) : fail({ reason: 'one_time_token_invalid' })
}

/**
 * Mails the link once more, to whoever waits for one; answers the same after the same work for every address. The link
 * from before is void.
 */
export async function resendConfirmation(
  { world, policy }: ServiceParts,
  { email: address, captcha }: LinkRequest,
  caller: Caller,
): Promise<Result<void, Failure>> {
  const now = world.now()
  const email = parseEmail(address)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  const asked = await takeAccountQuestion(world, { caller, captcha }, now)
  if (!asked.ok) return asked
  const mayMail = await takeMail(world, { email, about: 'account' }, now)
  const found = await world.store.findUserByEmail(email)
  const waits = policy.accounts.emailConfirmation !== 'off' && mayMail && found && isWaiting(found.user)
  // For nobody: written as a link of somebody would be, and kept by no table.
  const user = waits ? found.user : { id: world.newId(), email }
  const { text, token } = confirmationToken(world, user, now)
  const mail = waits
    ? confirmationMail(world, { user, text, token, locale: found.user.locale }, now)
    : decoyMail(world, now)
  await world.store.insertOneTimeToken(token, { mails: [mail] })
  return ok(undefined)
}

export function confirmationToken(world: World, { id, email }: Pick<User, 'id' | 'email'>, now: Date) {
  return mintOneTimeToken(
    world,
    { userId: id, purpose: 'email-confirm', email, ttlSeconds: TTL_SECONDS },
    now,
  )
}

export function confirmationMail(
  world: World,
  {
    user: { id, email },
    text,
    token: { expiresAt },
    locale,
  }: {
    readonly user: Pick<User, 'id' | 'email'>
    readonly text: string
    readonly token: OneTimeToken
    readonly locale: string | undefined
  },
  now: Date,
): QueuedMail {
  return queuedMail(
    world,
    {
      kind: 'email-confirm',
      to: email,
      facts: { token: text, expiresAt: expiresAt.toISOString() },
      userId: id,
      locale,
      voidKey: `email-confirm:${id}`,
    },
    now,
  )
}

function isWaiting({ emailConfirmedAt, disabledAt, deletedAt }: User): boolean {
  return emailConfirmedAt === undefined && disabledAt === undefined && deletedAt === undefined
}

import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type LinkRequest, takeAccountQuestion } from './account-limit.ts'
import { admitUser } from './admit-user.ts'
import { parseEmail } from './email.ts'
import { decoyMail, type QueuedMail, queuedMail } from './mail.ts'
import { takeMail } from './mail-limit.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { mintOneTimeToken } from './one-time-token-text.ts'
import type { User } from './user.ts'

const TTL_SECONDS = 1800

/**
 * Mails a link to set a new password by, to whoever has an account that may be used; answers the same after the same work
 * for every address. The link from before is void.
 */
export async function forgotPassword(
  { world }: ServiceParts,
  { email: address, captcha }: LinkRequest,
  caller: Caller,
): Promise<Result<void, Failure>> {
  const now = world.now()
  const email = parseEmail(address)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  const asked = await takeAccountQuestion(world, { caller, captcha }, now)
  if (!asked.ok) return asked
  const mayMail = await takeMail(world, { email, about: 'password-reset' }, now)
  const found = await world.store.findUserByEmail(email)
  const owner = mayMail && found !== undefined && admitUser(found.user, now).ok ? found.user : undefined
  // For nobody: written as a link of somebody would be, and kept by no table.
  const { token, mail } = passwordResetLink(
    world,
    owner ?? { id: world.newId(), email, locale: undefined },
    now,
  )
  await world.store.insertOneTimeToken(token, {
    mails: [owner === undefined ? decoyMail(world, now) : mail],
  })
  return ok(undefined)
}

/** A link to set a new password by, and the mail that brings it. */
export function passwordResetLink(
  world: ServiceParts['world'],
  { id: userId, email, locale }: Pick<User, 'id' | 'email' | 'locale'>,
  now: Date,
): { readonly token: OneTimeToken; readonly mail: QueuedMail } {
  const { text, token } = mintOneTimeToken(
    world,
    { userId, purpose: 'password-reset', email, ttlSeconds: TTL_SECONDS },
    now,
  )
  const facts = { token: text, expiresAt: token.expiresAt.toISOString() }
  const voidKey = `password-reset:${userId}`
  return {
    token,
    mail: queuedMail(world, { kind: 'password-reset', to: email, facts, userId, locale, voidKey }, now),
  }
}

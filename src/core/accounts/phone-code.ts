import type { ServiceParts } from '../service-parts.ts'
import type { Contact } from './contact.ts'
import { type QueuedMail, queuedMail } from './mail.ts'
import { mailedCodeDigest, mintMailedCode } from './mailed-code.ts'
import { codeAttempts } from './one-time-link.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { mintOneTimeToken } from './one-time-token-text.ts'
import type { User } from './user.ts'

/** A code on a telephone is typed at once or never, whatever links may do. */
const TTL_MAX_SECONDS = 600

export type PhonePurpose = 'phone-sign-in' | 'phone-change' | 'reauthentication'

/** Six digits for a telephone, and the message that brings them; to be written together. */
export function mintPhoneCode(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  {
    user,
    purpose,
    to: { phone, channel },
  }: {
    readonly user: Pick<User, 'id' | 'locale'>
    readonly purpose: PhonePurpose
    readonly to: Extract<Contact, { kind: 'phone' }>
  },
  now: Date,
): { readonly token: OneTimeToken; readonly sms: QueuedMail } {
  const { id: userId, locale } = user
  const ttlSeconds = Math.min(policy.supabase.otpTtlSeconds, TTL_MAX_SECONDS)
  const of = { userId, purpose, email: undefined, phone, ttlSeconds, attemptsLeft: codeAttempts }
  // The text of the token is told to nobody: only its digits count.
  const { token } = mintOneTimeToken(world, of, now)
  const code = mintMailedCode(world)
  const facts = { code, expiresAt: token.expiresAt.toISOString(), channel }
  const voidKey = `sms-code:${purpose}:${userId}`
  return {
    token: { ...token, codeDigest: mailedCodeDigest(world, token.id, code) },
    sms: queuedMail(world, { kind: 'sms-code', to: phone, facts, userId, locale, voidKey }, now),
  }
}

import type { ServiceParts } from '../service-parts.ts'
import { askedMail } from './ask-email-change.ts'
import type { Contact } from './contact.ts'
import type { QueuedMail } from './mail.ts'
import { type LinkFlow, linkMail, mintLink } from './one-time-link.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { mintPhoneCode } from './phone-code.ts'
import type { User } from './user.ts'

/** What asks somebody whether a change is theirs, to be written together: tokens, and the messages that bring them. */
export interface ContactQuestion {
  readonly tokens: readonly OneTimeToken[]
  readonly messages: readonly QueuedMail[]
}

interface Asked<K extends Contact['kind']> {
  readonly user: User
  readonly to: Extract<Contact, { kind: K }>
}

/**
 * Asks the new mailbox, and where the operator wants it so the one of before as well; else that is told. An address that
 * was never confirmed is not asked: it may be a stranger's.
 */
export function askNewEmail(
  parts: Pick<ServiceParts, 'world' | 'policy'>,
  { user, to, flow }: Asked<'email'> & { readonly flow: LinkFlow },
  now: Date,
): ContactQuestion {
  const { world, policy } = parts
  const of = { userId: user.id, flow }
  const link = mintLink(parts, { ...of, purpose: 'supabase-email-change', email: to.email }, now)
  const toNew = linkMail(world, { link, user }, now)
  if (user.email === undefined || user.emailConfirmedAt === undefined) {
    return { tokens: [link.token], messages: [toNew] }
  }
  if (!policy.supabase.secureEmailChange) {
    const told = askedMail(world, { user, newEmail: to.email }, now)
    return { tokens: [link.token], messages: [toNew, told] }
  }
  const half = mintLink(parts, { ...of, purpose: 'supabase-email-change-current', email: user.email }, now)
  const toOld = linkMail(world, { link: half, user, newEmail: to.email }, now)
  return { tokens: [link.token, half.token], messages: [toNew, toOld] }
}

/** Asks the new telephone. */
export function askNewPhone(
  parts: Pick<ServiceParts, 'world' | 'policy'>,
  { user, to }: Asked<'phone'>,
  now: Date,
): ContactQuestion {
  const { token, sms } = mintPhoneCode(parts, { user, purpose: 'phone-change', to }, now)
  return { tokens: [token], messages: [sms] }
}

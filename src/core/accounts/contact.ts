import type { Failure } from '../failure.ts'
import type { SupabasePolicy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import { parseEmail } from './email.ts'
import type { SmsChannel } from './mail.ts'
import { parsePhone } from './phone.ts'

/** Where somebody can be reached, and is known by. */
export type Contact =
  | { readonly kind: 'email'; readonly email: string }
  | { readonly kind: 'phone'; readonly phone: string; readonly channel: SmsChannel }

/** Reads a contact in its one normal form; refused for what is none, and for a number where no code can be sent to one. */
export function parseContact({ sms }: Pick<SupabasePolicy, 'sms'>, given: Contact): Result<Contact, Failure> {
  if (given.kind === 'email') {
    const email = parseEmail(given.email)
    return email === undefined ? fail({ reason: 'email_invalid' }) : ok({ kind: 'email', email })
  }
  if (!sms) return fail({ reason: 'phone_unavailable' })
  const phone = parsePhone(given.phone)
  return phone === undefined ? fail({ reason: 'phone_invalid' }) : ok({ ...given, phone })
}

/** The contact as one text, which no other contact has. */
export function contactText(contact: Contact): string {
  return contact.kind === 'email' ? contact.email : `+${contact.phone}`
}

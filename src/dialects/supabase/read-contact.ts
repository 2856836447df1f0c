import { z } from '@hono/zod-openapi'
import type { Contact } from '../../core/accounts/contact.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import type { Denial } from './deny.ts'
import { email, phone, text } from './schemas.ts'

/** By what somebody is reached, in the body of a call: one of the two. */
export const contactFields = { email: email.default(''), phone: phone.default('') }

/** By what a message comes to a telephone. */
export const channelField = { channel: text.default('') }

const channels = z.enum(['sms', 'whatsapp'])

/** The one contact that a call names; undefined where it names none. */
export function readContact(
  given: { readonly email: string; readonly phone: string; readonly channel?: string },
  bothMessage: string,
): Result<Contact | undefined, Denial> {
  const { email, phone, channel = '' } = given
  if (email !== '' && phone !== '') return invalid(bothMessage)
  if (email !== '') return ok({ kind: 'email', email })
  if (phone === '') return ok(undefined)
  const known = channels.safeParse(channel === '' ? 'sms' : channel)
  if (!known.success) return invalid("Invalid channel, supported values are 'sms' or 'whatsapp'")
  return ok({ kind: 'phone', phone, channel: known.data })
}

export function invalid(message: string) {
  return fail<Denial>({ status: 400, code: 'validation_failed', message })
}

import { z } from '@hono/zod-openapi'
import { parsePhone } from '../../core/accounts/phone.ts'
import type { UserOrder } from '../../core/accounts/user-order.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { parseGoDuration } from './go-duration.ts'
import { email, metadata, password, phone } from './schemas.ts'

const flag = z.boolean('true or false is needed.').default(false)

/** What a program says of a user. An empty text says nothing. */
export const userOrder = z.object({
  email: email.default(''),
  phone: phone.default(''),
  password: password.default(''),
  password_hash: z.string('A text is needed.').max(512, 'At most 512 characters.').default(''),
  email_confirm: flag,
  phone_confirm: flag,
  user_metadata: metadata.optional(),
  app_metadata: metadata.optional(),
  role: z
    .string('A text is needed.')
    .regex(/^(?:[\w.:-]{1,63})?$/, 'At most 63 letters, digits and _ . : -')
    .default(''),
  ban_duration: z.string('A text is needed.').default(''),
})

/** The order as the core takes it, or what is wrong with it in upstream's words. */
export function readUserOrder(body: z.output<typeof userOrder>): Result<UserOrder, string> {
  const digits = body.phone === '' ? undefined : parsePhone(body.phone)
  if (body.phone !== '' && digits === undefined) return fail('Invalid phone number format (E.164 required)')
  if (body.password !== '' && body.password_hash !== '') {
    return fail('Only a password or a password hash should be provided')
  }
  const ban = readBan(body.ban_duration)
  if (!ban.ok) return ban
  return ok({
    email: body.email || undefined,
    phone: digits,
    password: body.password || undefined,
    passwordHash: body.password_hash || undefined,
    emailConfirmed: body.email_confirm,
    phoneConfirmed: body.phone_confirm,
    userMetadata: body.user_metadata,
    appMetadata: body.app_metadata,
    claimRole: body.role || undefined,
    ban: ban.value,
  })
}

function readBan(text: string): Result<UserOrder['ban'], string> {
  if (text === '') return ok(undefined)
  if (text === 'none') return ok('none')
  const seconds = parseGoDuration(text)
  return seconds === undefined
    ? fail('invalid format for ban duration: it is none, or a duration like 24h or 1h30m')
    : ok(seconds)
}

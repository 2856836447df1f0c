import { z } from '@hono/zod-openapi'
import type { SignerName } from '../../core/accounts/account-store.ts'
import { parseEmail } from '../../core/accounts/email.ts'
import { parsePhone } from '../../core/accounts/phone.ts'
import { callerOf } from '../../http/caller.ts'
import { captchaTokenOf } from './captcha-token.ts'
import { deny } from './deny.ts'
import type { Grant } from './grant.ts'
import { readFields } from './read-fields.ts'
import { refused } from './refuse.ts'
import { email, password, phone } from './schemas.ts'
import { answerSession } from './session-object.ts'

const fields = z.object({
  email: email.default(''),
  phone: phone.default(''),
  password: password.default(''),
})

/** By address or telephone, and password. A second factor is asked for later, within the session. */
export const passwordGrant: Grant = async (c, body) => {
  const read = readFields(c, fields, body)
  if (!read.ok) return read.answer
  const given = read.value
  if (given.email !== '' && given.phone !== '') {
    return invalid(c, 'Only an email address or phone number should be provided on login.')
  }
  if (given.email === '' && given.phone === '') return invalid(c, 'missing email or phone')
  const byPhone = given.phone !== ''
  if (byPhone && !c.env.service.policy.supabase.sms) {
    return deny(c, { status: 422, code: 'phone_provider_disabled', message: 'Phone logins are disabled' })
  }
  const signed = await c.env.service.signIn(
    {
      identifier: nameOf(given),
      password: given.password,
      captcha: captchaTokenOf(body),
      face: 'supabase',
    },
    callerOf(c),
  )
  if (!signed.ok) {
    return byPhone && signed.failure.reason === 'email_unconfirmed'
      ? deny(c, { status: 400, code: 'phone_not_confirmed', message: 'Phone not confirmed' })
      : refused(c, signed.failure)
  }
  if (signed.value.kind !== 'tokens')
    throw new Error('This face asks for a second factor within the session.')
  return answerSession(c, signed.value.tokens)
}

/** What can be nobody's is looked up all the same, so that it takes as long. */
function nameOf(given: z.output<typeof fields>): SignerName {
  return given.phone === ''
    ? { kind: 'email', email: parseEmail(given.email) ?? '' }
    : { kind: 'phone', phone: parsePhone(given.phone) ?? '' }
}

function invalid(c: Parameters<Grant>[0], message: string): Response {
  return deny(c, { status: 400, code: 'validation_failed', message })
}

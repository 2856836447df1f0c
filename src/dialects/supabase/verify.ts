import { z } from '@hono/zod-openapi'
import { type OneTimeProof, type VerifyType, verifyTypes } from '../../core/accounts/find-one-time-proof.ts'
import type { Failure } from '../../core/failure.ts'
import { ok, type Result } from '../../core/result.ts'
import { callerOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { type Denial, deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { contactFields, invalid, readContact } from './read-contact.ts'
import { denialOf, refused } from './refuse.ts'
import { sessionSchema, text } from './schemas.ts'
import { answerSession } from './session-object.ts'

/** What is said where one of two mailboxes has agreed. */
export const halfMessage =
  'Confirmation link accepted. Please proceed to confirm link sent to the other email'

const body = z.object({
  type: text.default(''),
  token: text.default(''),
  token_hash: text.default(''),
  ...contactFields,
})

export const verifyEndpoint = endpoint({
  method: 'post',
  path: '/verify',
  summary: 'Sign in by what was sent: the token of a link, or a code with its address or number',
  request: { body },
  answer: sessionSchema,
  errors: [400, 403, 413, 429, 503],
  async handle(c, { body: given }) {
    const proof = readProof(given)
    if (!proof.ok) return deny(c, proof.failure)
    const redeemed = await c.env.service.redeemProof(proof.value, callerOf(c))
    if (!redeemed.ok) {
      const denial = ownDenial(redeemed.failure)
      return denial === undefined ? refused(c, redeemed.failure) : deny(c, denial)
    }
    if (redeemed.value.kind === 'half') return answer(c, { msg: halfMessage, code: '200' })
    return answerSession(c, redeemed.value.tokens)
  },
})

export function isVerifyType(type: string): type is VerifyType {
  return Object.hasOwn(verifyTypes, type)
}

/** What is said here in another way than where a password is shown. */
export function ownDenial(failure: Failure): Denial | undefined {
  const { reason } = failure
  if (reason === 'user_banned' || reason === 'user_disabled') return { ...denialOf(failure), status: 403 }
  return undefined
}

function readProof(given: z.output<typeof body>): Result<OneTimeProof, Denial> {
  const { type, token, token_hash: hash } = given
  if (type === '') return invalid('Verify requires a verification type')
  if (!isVerifyType(type)) return invalid('Invalid verification type')
  if (token === '' && hash === '') return invalid('Verify requires either a token or a token hash')
  if (hash !== '') {
    return token !== '' || given.email !== '' || given.phone !== ''
      ? invalid('Only the token_hash and type should be provided')
      : ok({ kind: 'link', type, hash })
  }
  const message = 'Only an email address or phone number should be provided on verify'
  const contact = readContact(given, message)
  if (!contact.ok) return contact
  if (contact.value === undefined) return invalid(message)
  // As people copy it.
  return ok({ kind: 'code', type, contact: contact.value, code: token.replaceAll(/\s/g, '') })
}

import { z } from '@hono/zod-openapi'
import { secondFactorMethods } from '../../core/accounts/challenge.ts'
import { callerOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'
import { answerPersonTokens, personTokensSchema } from './sign-in.ts'

const TAG = 'Accounts'

// Of any length: what is none is answered as one that is over.
const challenge = z.string('A text is needed.').openapi({ description: 'As the sign-in answered it.' })

export const mailSignInCodeEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/login/email-code',
  tag: TAG,
  summary: 'Have a code for this sign-in mailed',
  description: 'Six digits, for this challenge alone. A newer one takes its place.',
  request: { body: z.strictObject({ challenge }) },
  answers: answers(z.object({}), { status: 202, errors: [400, 401, 413, 415, 422, 429, 503] }),
  async handle(c, { body }) {
    const mailed = await c.env.service.mailSignInCode(body.challenge, callerOf(c))
    return mailed.ok ? answer(c, {}, 202) : refused(c, mailed.failure)
  },
})

export const completeSignInEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/login/second-factor',
  tag: TAG,
  summary: 'Sign in with a second factor',
  description: 'Answers the challenge of a right password. Each code counts once.',
  request: {
    body: z
      .strictObject({
        challenge,
        method: z.enum(secondFactorMethods),
        code: z.string('A text is needed.').max(100, 'At most 100 characters.'),
      })
      .openapi({ example: { challenge: '<challenge>', method: 'totp', code: '123456' } }),
  },
  answers: answers(personTokensSchema, { errors: [400, 401, 413, 415, 422, 429, 503] }),
  async handle(c, { body }) {
    const tokens = await c.env.service.completeSignIn(body, callerOf(c))
    return tokens.ok ? answerPersonTokens(c, tokens.value) : refused(c, tokens.failure)
  },
})

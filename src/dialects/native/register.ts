import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'
import { captchaToken, email, password, profileFields, readProfile, username } from './user-schemas.ts'

const TAG = 'Accounts'

export const registerEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/register',
  tag: TAG,
  summary: 'Register a person',
  description:
    'The answer is the same for an address that has an account: its owner is told by mail. Not where REGISTRATION is closed.',
  request: {
    body: z
      .strictObject({
        email,
        password,
        username: username.optional(),
        ...profileFields,
        captcha_token: captchaToken,
      })
      .openapi({ example: { email: 'ada@example.com', password: 'fifteen characters or more' } }),
  },
  answers: answers(z.object({ email: z.string(), confirmation: z.enum(['required', 'optional', 'off']) }), {
    status: 202,
    errors: [400, 403, 409, 413, 415, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const registered = await c.env.service.register(
      {
        email: body.email,
        password: body.password,
        username: body.username,
        ...readProfile(body),
        captcha: body.captcha_token,
      },
      callerOf(c),
    )
    return registered.ok ? answer(c, registered.value, 202) : refused(c, registered.failure)
  },
})

export const confirmEmailEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/email/confirm',
  tag: TAG,
  summary: 'Confirm the address that a link was mailed to',
  request: { body: z.strictObject({ token: z.string('A text is needed.') }) },
  answers: answers(z.object({ confirmed: z.literal(true) }), {
    errors: [400, 401, 413, 415, 422, 503],
  }),
  async handle(c, { body }) {
    const confirmed = await c.env.service.confirmEmail(body.token, callerOf(c))
    if (!confirmed.ok) return refused(c, confirmed.failure)
    c.set('userId', confirmed.value.userId)
    return answer(c, { confirmed: true })
  },
})

export const resendConfirmationEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/email/resend',
  tag: TAG,
  summary: 'Mail the link that confirms an address once more',
  description: 'The answer is the same whether or not a link was sent.',
  request: { body: z.strictObject({ email, captcha_token: captchaToken }) },
  answers: answers(z.object({}), { status: 202, errors: [400, 403, 413, 415, 422, 429, 503] }),
  async handle(c, { body }) {
    const { email, captcha_token: captcha } = body
    const asked = await c.env.service.resendConfirmation({ email, captcha }, callerOf(c))
    return asked.ok ? answer(c, {}, 202) : refused(c, asked.failure)
  },
})

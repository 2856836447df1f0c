import { z } from '@hono/zod-openapi'
import { actorOf, callerOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'
import { captchaToken, email, linkToken, password } from './user-schemas.ts'

const TAG = 'Accounts'

export const forgotPasswordEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/password/forgot',
  tag: TAG,
  summary: 'Mail a link to set a new password by',
  description:
    'The answer is the same whether or not a link was sent. A newer link makes the older one void.',
  request: { body: z.strictObject({ email, captcha_token: captchaToken }) },
  answers: answers(z.object({}), { status: 202, errors: [400, 403, 413, 415, 422, 429, 503] }),
  async handle(c, { body }) {
    const { email, captcha_token: captcha } = body
    const asked = await c.env.service.forgotPassword({ email, captcha }, callerOf(c))
    return asked.ok ? answer(c, {}, 202) : refused(c, asked.failure)
  },
})

export const resetPasswordEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/password/reset',
  tag: TAG,
  summary: 'Set a new password by a mailed link',
  description:
    'All sessions end, and the address counts as confirmed. It signs nobody in. A password that is refused does not use the link up.',
  request: { body: z.strictObject({ token: linkToken, password }) },
  answers: answers(z.object({ reset: z.literal(true) }), { errors: [400, 401, 413, 415, 422, 503] }),
  async handle(c, { body }) {
    const reset = await c.env.service.resetPassword(body, callerOf(c))
    if (!reset.ok) return refused(c, reset.failure)
    c.set('userId', reset.value.userId)
    return answer(c, { reset: true })
  },
})

export const changePasswordEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/password',
  tag: TAG,
  summary: 'Change the own password',
  description: 'Ends the other sessions, and says how many. What was mailed to set a password by is void.',
  request: { body: z.strictObject({ current_password: password, new_password: password }) },
  answers: answers(z.object({ sessions_ended: z.int() }), {
    errors: [400, 401, 403, 413, 415, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const changed = await c.env.service.changePassword(actorOf(c), {
      currentPassword: body.current_password,
      newPassword: body.new_password,
    })
    if (!changed.ok) return refused(c, changed.failure)
    return answer(c, { sessions_ended: changed.value.sessions })
  },
})

import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { captchaField, captchaTokenOf } from './captcha-token.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { flowFields, flowQuery, readFlow } from './link-flow.ts'
import { refused } from './refuse.ts'
import { email } from './schemas.ts'

export const recoverEndpoint = endpoint({
  method: 'post',
  path: '/recover',
  summary: 'Mail a link and a code to set a new password by',
  description: 'Answers the same for every address.',
  request: { query: flowQuery, body: z.object({ email: email.default(''), ...flowFields, ...captchaField }) },
  answer: z.object({}),
  errors: [400, 413, 429, 503],
  async handle(c, { body }) {
    if (body.email === '') {
      const message = 'Password recovery requires an email'
      return deny(c, { status: 400, code: 'validation_failed', message })
    }
    const flow = readFlow(c, body)
    if (!flow.ok) return deny(c, flow.failure)
    const sent = await c.env.service.sendRecovery(
      { email: body.email, flow: flow.value, captcha: captchaTokenOf(body) },
      callerOf(c),
    )
    return sent.ok ? answer(c, {}) : refused(c, sent.failure)
  },
})

import { z } from '@hono/zod-openapi'
import { actorOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { refused } from './refuse.ts'

export const reauthenticateEndpoint = endpoint({
  method: 'get',
  path: '/reauthenticate',
  summary: 'Send a code that shows who is at the screen',
  answer: z.object({}),
  errors: [400, 401, 403, 422, 429, 503],
  async handle(c) {
    const sent = await c.env.service.sendReauthentication(actorOf(c))
    if (sent.ok) return answer(c, {})
    const message = 'Please verify your email first.'
    return sent.failure.reason === 'email_unconfirmed'
      ? deny(c, { status: 422, code: 'email_not_confirmed', message })
      : refused(c, sent.failure)
  },
})

import { z } from '@hono/zod-openapi'
import { actorOf, callerOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers } from './schemas.ts'
import { email, linkToken, password } from './user-schemas.ts'

const TAG = 'Accounts'

export const askEmailChangeEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/email',
  tag: TAG,
  summary: 'Ask for another address',
  description:
    'Mails a link to the new address and a note to the old one. The answer is the same for an address that another account has.',
  request: { body: z.strictObject({ email, password }) },
  answers: answers(z.object({ email: z.string() }), {
    status: 202,
    errors: [400, 401, 403, 413, 415, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const asked = await c.env.service.askEmailChange(actorOf(c), body)
    return asked.ok ? answer(c, asked.value, 202) : refused(c, asked.failure)
  },
})

export const confirmEmailChangeEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/email/change/confirm',
  tag: TAG,
  summary: 'Take the address that a link was mailed to',
  description: 'The old address gets a link that undoes it for 72 hours, and is nobody else’s so long.',
  request: { body: z.strictObject({ token: linkToken }) },
  answers: answers(z.object({ changed: z.literal(true) }), { errors: [400, 401, 413, 415, 422, 503] }),
  async handle(c, { body }) {
    const changed = await c.env.service.confirmEmailChange(body.token, callerOf(c))
    if (!changed.ok) return refused(c, changed.failure)
    c.set('userId', changed.value.userId)
    return answer(c, { changed: true })
  },
})

export const undoEmailChangeEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/email/change/undo',
  tag: TAG,
  summary: 'Take a change of address back',
  description:
    'All sessions end, and the password has to be set anew: a link for that is mailed to the address of before.',
  request: { body: z.strictObject({ token: linkToken }) },
  answers: answers(z.object({ undone: z.literal(true) }), { errors: [400, 401, 413, 415, 422, 503] }),
  async handle(c, { body }) {
    const undone = await c.env.service.undoEmailChange(body.token, callerOf(c))
    if (!undone.ok) return refused(c, undone.failure)
    c.set('userId', undone.value.userId)
    return answer(c, { undone: true })
  },
})

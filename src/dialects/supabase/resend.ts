import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { captchaField, captchaTokenOf } from './captcha-token.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { flowFields, flowQuery, readFlow } from './link-flow.ts'
import { contactFields, invalid, readContact } from './read-contact.ts'
import { refused } from './refuse.ts'
import { text } from './schemas.ts'

const types = new Map([
  ['signup', { about: 'sign-up', by: 'email' }],
  ['email_change', { about: 'change', by: 'email' }],
  ['sms', { about: 'sign-up', by: 'phone' }],
  ['phone_change', { about: 'change', by: 'phone' }],
] as const)

const needs = {
  email: 'Type provided requires an email address',
  phone: 'Type provided requires a phone number',
} as const

export const resendEndpoint = endpoint({
  method: 'post',
  path: '/resend',
  summary: 'Send once more what somebody waits for',
  description: 'Answers the same for every address and number. What was sent before is void.',
  request: {
    query: flowQuery,
    body: z.object({ type: text.default(''), ...contactFields, ...flowFields, ...captchaField }),
  },
  answer: z.object({}),
  errors: [400, 413, 429, 503],
  async handle(c, { body }) {
    const type = (types as ReadonlyMap<string, { about: 'sign-up' | 'change'; by: 'email' | 'phone' }>).get(
      body.type,
    )
    if (type === undefined) {
      return deny(c, invalid(`Missing one of these types: ${[...types.keys()].join(', ')}`).failure)
    }
    const contact = readContact(body, 'Only an email address or phone number should be provided')
    if (!contact.ok) return deny(c, contact.failure)
    if (contact.value?.kind !== type.by) return deny(c, invalid(needs[type.by]).failure)
    const flow = readFlow(c, body)
    if (!flow.ok) return deny(c, flow.failure)
    const sent = await c.env.service.resendMessage(
      { about: type.about, contact: contact.value, flow: flow.value, captcha: captchaTokenOf(body) },
      callerOf(c),
    )
    return sent.ok ? answer(c, {}) : refused(c, sent.failure)
  },
})

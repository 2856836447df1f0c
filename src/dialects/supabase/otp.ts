import { z } from '@hono/zod-openapi'
import { callerOf } from '../../http/caller.ts'
import type { Endpoint } from '../../http/mount.ts'
import { answer } from './answer.ts'
import { captchaField, captchaTokenOf } from './captcha-token.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { flowFields, flowQuery, newcomersLocale, readFlow } from './link-flow.ts'
import { channelField, contactFields, readContact } from './read-contact.ts'
import { refused } from './refuse.ts'
import { metadata } from './schemas.ts'

export const otpEndpoint = signInMessageAt('/otp', 'Send a link and a code, or a code, to sign in by')
/** The name of before, which older clients call. */
export const magicLinkEndpoint = signInMessageAt('/magiclink', 'The same as /otp')

function signInMessageAt(path: string, summary: string): Endpoint {
  return endpoint({
    method: 'post',
    path,
    summary,
    description: 'Whoever has no account gets one, unless create_user is false.',
    request: {
      query: flowQuery,
      body: z.object({
        ...contactFields,
        ...channelField,
        ...flowFields,
        ...captchaField,
        create_user: z.boolean('True or false is needed.').default(true),
        data: metadata.default({}),
      }),
    },
    answer: z.object({}),
    errors: [400, 413, 422, 429, 503],
    async handle(c, { body }) {
      const contact = readContact(body, 'Only an email address or phone number should be provided')
      if (!contact.ok) return deny(c, contact.failure)
      if (contact.value === undefined) {
        const message = 'One of email or phone must be set'
        return deny(c, { status: 400, code: 'validation_failed', message })
      }
      const flow = readFlow(c, body)
      if (!flow.ok) return deny(c, flow.failure)
      const sent = await c.env.service.sendSignIn(
        {
          contact: contact.value,
          createUser: body.create_user,
          metadata: body.data,
          locale: newcomersLocale(c, body.data),
          flow: flow.value,
          captcha: captchaTokenOf(body),
        },
        callerOf(c),
      )
      return sent.ok ? answer(c, {}) : refused(c, sent.failure)
    },
  })
}

import { z } from '@hono/zod-openapi'
import { callerOf, noteKey } from '../../http/caller.ts'
import { answer } from './answer.ts'
import { readClient } from './client.ts'
import { clientFields, formEndpoint } from './endpoint.ts'
import { needed } from './grants.ts'
import { refused } from './refuse.ts'

/** RFC 7009. */
export const revokeEndpoint = formEndpoint({
  path: '/revoke',
  summary: 'End a token',
  description:
    'A refresh token ends its session with all its access tokens; an access token ends alone, with those narrowed from it. A token that is not the client’s own is left alone, and the answer is the same.',
  form: z.object({
    token: z.string(),
    token_type_hint: z.string().optional().openapi({ description: 'Not needed: the token tells by itself.' }),
    ...clientFields,
  }),
  answer: z.object({}),
  errors: [400, 401, 413, 429, 503],
  async handle(c, form) {
    const client = readClient(c, form)
    if (!client.ok) return refused(c, client.failure)
    const token = needed(form, 'token')
    if (!token.ok) return refused(c, token.failure)
    const revoked = await c.env.service.revokeToken(
      { credentials: client.value, token: token.value },
      callerOf(c),
    )
    if (!revoked.ok) return refused(c, revoked.failure)
    noteKey(c, { key: revoked.value.key, meter: { rate: undefined, quotaRemaining: undefined } })
    return answer(c, {})
  },
})

import { z } from '@hono/zod-openapi'
import { actorOf } from '../../http/caller.ts'
import { answerUser } from './answer-user.ts'
import { flowQuery, newcomersLocale, wantedRedirect } from './link-flow.ts'
import { refused } from './refuse.ts'
import { email, metadata, userSchema } from './schemas.ts'
import { serviceEndpoint } from './service-endpoint.ts'

export const inviteEndpoint = serviceEndpoint({
  method: 'post',
  path: '/invite',
  summary: 'Invite somebody by mail',
  description: 'Whoever was invited before and has not come gets a new link, and the old one is void.',
  request: {
    query: flowQuery,
    body: z.object({ email: email.default(''), data: metadata.optional() }),
  },
  answer: userSchema,
  errors: [400, 413, 422],
  async handle(c, { body }) {
    const order = {
      email: body.email,
      userMetadata: body.data,
      locale: newcomersLocale(c, body.data ?? {}),
      redirectTo: wantedRedirect(c),
    }
    const invited = await c.env.service.inviteByLink(actorOf(c), order)
    return invited.ok ? answerUser(c, invited.value.user.id) : refused(c, invited.failure)
  },
})

import { z } from '@hono/zod-openapi'
import type { SignOutScope } from '../../core/accounts/sign-out.ts'
import { actorOf } from '../../http/caller.ts'
import { answerNothing } from './answer.ts'
import { deny } from './deny.ts'
import { endpoint } from './endpoint.ts'
import { refused } from './refuse.ts'

const scopes: ReadonlyMap<string, SignOutScope> = new Map([
  ['global', 'all'],
  ['local', 'session'],
  ['others', 'others'],
])

export const logoutEndpoint = endpoint({
  method: 'post',
  path: '/logout',
  summary: 'End this session, the others, or all',
  request: { query: z.object({ scope: z.string().optional() }) },
  answer: undefined,
  errors: [400, 401, 403, 503],
  async handle(c, { query }) {
    const scope = scopes.get(query.scope || 'global')
    if (scope === undefined) {
      const message = `Unsupported logout scope ${JSON.stringify(query.scope?.slice(0, 40))}`
      return deny(c, { status: 400, code: 'validation_failed', message })
    }
    const ended = await c.env.service.signOut(actorOf(c), scope)
    return ended.ok ? answerNothing(c) : refused(c, ended.failure)
  },
})

import { z } from '@hono/zod-openapi'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { personSessionSchema, signInSchema, spellPersonSession, spellSignIn } from './own-sessions.ts'
import { answers, answersNothing, pageOf, pageQuery, uuid } from './schemas.ts'

const TAG = 'Users'

const userParams = z.object({ id: uuid })

export const listUserSessionsEndpoint = accountEndpoint({
  method: 'get',
  path: '/users/{id}/sessions',
  permission: 'users:read',
  tag: TAG,
  summary: "List a user's live sessions, newest first",
  request: { params: userParams },
  answers: answers(z.object({ items: z.array(personSessionSchema) }), { errors: [401, 403, 404, 422, 503] }),
  async handle(c, { params }) {
    const sessions = await c.env.service.listUserSessions(params.id)
    if (!sessions.ok) return refused(c, sessions.failure)
    return answer(c, { items: sessions.value.map(spellPersonSession) })
  },
})

export const endUserSessionsEndpoint = accountEndpoint({
  method: 'delete',
  path: '/users/{id}/sessions',
  permission: 'users:write',
  tag: TAG,
  summary: 'End all sessions of a user',
  description: 'With their tokens, on every instance within a second. The user can sign in again.',
  request: { params: userParams },
  answers: answersNothing([401, 403, 404, 422, 503]),
  async handle(c, { params }) {
    const ended = await c.env.service.endUserSessions(actorOf(c), params.id)
    return ended.ok ? answerNothing(c) : refused(c, ended.failure)
  },
})

export const listUserSignInsEndpoint = accountEndpoint({
  method: 'get',
  path: '/users/{id}/sign-ins',
  permission: 'users:read',
  tag: TAG,
  summary: "List a user's sign-ins, newest first",
  request: { params: userParams, query: pageQuery },
  answers: answers(pageOf(signInSchema), { errors: [400, 401, 403, 404, 422, 503] }),
  async handle(c, { params, query }) {
    const { limit, cursor } = query
    const page = await c.env.service.listUserSignIns(params.id, { limit, cursor })
    if (!page.ok) return refused(c, page.failure)
    return answer(c, { items: page.value.items.map(spellSignIn), next_cursor: page.value.nextCursor ?? null })
  },
})

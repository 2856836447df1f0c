import { z } from '@hono/zod-openapi'
import { type SignInRecord, signInMethods, signInOutcomes } from '../../core/accounts/sign-in-record.ts'
import type { PersonSession } from '../../core/tokens/session.ts'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { answers, answersNothing, pageOf, pageQuery, uuid } from './schemas.ts'

const TAG = 'Users'

const userParams = z.object({ id: uuid })

const userSessionSchema = z
  .object({
    id: z.uuid(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    aal: z.union([z.literal(1), z.literal(2)]),
    amr: z.array(z.string()),
  })
  .openapi('UserSession')

const signInSchema = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    method: z.enum(signInMethods),
    outcome: z.enum(signInOutcomes),
  })
  .openapi('SignIn')

export const listUserSessionsEndpoint = accountEndpoint({
  method: 'get',
  path: '/users/{id}/sessions',
  permission: 'users:read',
  tag: TAG,
  summary: "List a user's live sessions, newest first",
  request: { params: userParams },
  answers: answers(z.object({ items: z.array(userSessionSchema) }), { errors: [401, 403, 404, 422, 503] }),
  async handle(c, { params }) {
    const sessions = await c.env.service.listUserSessions(params.id)
    if (!sessions.ok) return refused(c, sessions.failure)
    return answer(c, { items: sessions.value.map(spellUserSession) })
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

function spellUserSession(session: PersonSession): z.output<typeof userSessionSchema> {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    address: session.address ?? null,
    user_agent: session.userAgent ?? null,
    aal: session.aal,
    amr: [...session.amr],
  }
}

function spellSignIn(record: SignInRecord): z.output<typeof signInSchema> {
  return {
    id: record.id,
    at: record.at.toISOString(),
    address: record.address ?? null,
    user_agent: record.userAgent ?? null,
    method: record.method,
    outcome: record.outcome,
  }
}

import { z } from '@hono/zod-openapi'
import type { SignInRecord } from '../../core/accounts/sign-in-record.ts'
import { signInMethods, signInOutcomes } from '../../core/accounts/sign-in-record.ts'
import type { PersonSession } from '../../core/tokens/session.ts'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, endpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { answers, answersNothing, pageOf, pageQuery, uuid } from './schemas.ts'

const TAG = 'Accounts'

export const personSessionSchema = z
  .object({
    id: z.uuid(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    revoked_at: z.iso.datetime().nullable(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    aal: z.int(),
    amr: z.array(z.string()),
    authenticated_at: z.iso.datetime(),
  })
  .openapi('PersonSession')

export function spellPersonSession(
  session: Omit<PersonSession, 'refreshDigest' | 'previousRefreshDigest'>,
): z.output<typeof personSessionSchema> {
  return {
    id: session.id,
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    revoked_at: session.revokedAt?.toISOString() ?? null,
    address: session.address ?? null,
    user_agent: session.userAgent ?? null,
    aal: session.aal,
    amr: [...session.amr],
    authenticated_at: session.authenticatedAt.toISOString(),
  }
}

export const signInSchema = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    method: z.enum(signInMethods),
    outcome: z.enum(signInOutcomes),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
  })
  .openapi('SignIn')

export function spellSignIn(record: SignInRecord): z.output<typeof signInSchema> {
  return {
    id: record.id,
    at: record.at.toISOString(),
    method: record.method,
    outcome: record.outcome,
    address: record.address ?? null,
    user_agent: record.userAgent ?? null,
    request_id: record.requestId ?? null,
  }
}

export const listOwnSessionsEndpoint = endpoint({
  method: 'get',
  path: '/me/sessions',
  tag: TAG,
  summary: 'List the own live sessions, newest first',
  request: {},
  answers: answers(
    z.object({ items: z.array(z.object({ ...personSessionSchema.shape, current: z.boolean() })) }),
    { errors: [401, 403, 503] },
  ),
  async handle(c) {
    const sessions = await c.env.service.listOwnSessions(actorOf(c))
    if (!sessions.ok) return refused(c, sessions.failure)
    return answer(c, {
      items: sessions.value.map(({ session, isCurrent }) => ({
        ...spellPersonSession(session),
        current: isCurrent,
      })),
    })
  },
})

export const endOwnSessionEndpoint = accountEndpoint({
  method: 'delete',
  path: '/me/sessions/{id}',
  tag: TAG,
  summary: 'End one of the own sessions',
  description: 'Its tokens end at once. Another person’s session is not there.',
  request: { params: z.object({ id: uuid }) },
  answers: answersNothing([401, 403, 404, 422, 503]),
  async handle(c, { params }) {
    const ended = await c.env.service.endOwnSession(actorOf(c), params.id)
    return ended.ok ? answerNothing(c) : refused(c, ended.failure)
  },
})

export const listOwnSignInsEndpoint = endpoint({
  method: 'get',
  path: '/me/sign-ins',
  tag: TAG,
  summary: 'List the own sign-ins, newest first',
  description: 'Also those that were refused.',
  request: { query: pageQuery },
  answers: answers(pageOf(signInSchema), { errors: [400, 401, 403, 503] }),
  async handle(c, { query }) {
    const page = await c.env.service.listOwnSignIns(actorOf(c), {
      limit: query.limit,
      cursor: query.cursor,
    })
    if (!page.ok) return refused(c, page.failure)
    return answer(c, {
      items: page.value.items.map(spellSignIn),
      next_cursor: page.value.nextCursor ?? null,
    })
  },
})

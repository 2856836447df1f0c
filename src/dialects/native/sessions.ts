import { z } from '@hono/zod-openapi'
import { isOfPerson, type Session } from '../../core/tokens/session.ts'
import { actorOf } from '../../http/caller.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, keyId, pageLimit, pageOf, uuid } from './schemas.ts'

const sessionSchema = z
  .object({
    id: z.uuid(),
    client_id: z.uuid().nullable(),
    key_id: z.string().nullable(),
    user_id: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    revoked_at: z.iso.datetime().nullable(),
  })
  .openapi('Session')

export const listSessionsEndpoint = endpoint({
  method: 'get',
  path: '/sessions',
  permission: 'sessions:read',
  tag: 'Sessions',
  summary: 'List live sessions',
  description: 'A session is what one exchange opened. In the order of their ids, which is no order in time.',
  request: {
    query: z.object({
      limit: pageLimit,
      cursor: uuid.optional(),
      client_id: uuid.optional(),
      key_id: keyId.optional(),
    }),
  },
  answers: answers(pageOf(sessionSchema), { errors: [400, 401, 403, 503] }),
  async handle(c, { query }) {
    const sessions = await c.env.service.listSessions({
      clientId: query.client_id,
      keyId: query.key_id,
      limit: query.limit + 1,
      afterId: query.cursor,
    })
    const items = sessions.slice(0, query.limit)
    const more = sessions.length > query.limit
    return answer(c, {
      items: items.map(spellSession),
      next_cursor: more ? (items.at(-1)?.id ?? null) : null,
    })
  },
})

export const endSessionEndpoint = endpoint({
  method: 'delete',
  path: '/sessions/{id}',
  permission: 'sessions:write',
  tag: 'Sessions',
  summary: 'End a session',
  description: 'Its refresh token and all its access tokens end at once, on every instance within a second.',
  request: { params: z.object({ id: uuid }) },
  answers: answers(sessionSchema, { errors: [400, 401, 403, 404, 503] }),
  async handle(c, { params }) {
    const session = await c.env.service.endSession(actorOf(c), params.id)
    return session.ok ? answer(c, spellSession(session.value)) : refused(c, session.failure)
  },
})

export const endTokenEndpoint = endpoint({
  method: 'delete',
  path: '/tokens/{jti}',
  permission: 'sessions:write',
  tag: 'Sessions',
  summary: 'End one access token by its jti',
  request: { params: z.object({ jti: uuid }) },
  answers: answers(z.object({ jti: z.uuid() }), { errors: [400, 401, 403, 503] }),
  async handle(c, { params }) {
    await c.env.service.endToken(actorOf(c), params.jti)
    return answer(c, { jti: params.jti })
  },
})

function spellSession(session: Session) {
  return {
    id: session.id,
    ...(isOfPerson(session)
      ? { client_id: null, key_id: null, user_id: session.userId }
      : { client_id: session.clientId, key_id: session.keyId, user_id: null }),
    created_at: session.createdAt.toISOString(),
    last_used_at: session.lastUsedAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    revoked_at: session.revokedAt?.toISOString() ?? null,
  }
}

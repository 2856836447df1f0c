import { z } from '@hono/zod-openapi'
import type { AuditFilter, StoredAuditEvent } from '../../core/audit/audit-store.ts'
import { auditKinds } from '../../core/audit/event.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, instant, keyId, pageQuery, uuid } from './schemas.ts'

export const eventSchema = z
  .object({
    id: z.uuid(),
    seq: z.int().nullable().openapi({ description: 'Its place in the chain; null until it is linked.' }),
    at: z.iso.datetime(),
    kind: z.enum(auditKinds),
    client_id: z.string().nullable(),
    key_id: z.string().nullable(),
    session_id: z.string().nullable(),
    user_id: z.string().nullable(),
    target: z.string().nullable(),
    reason: z.string().nullable(),
    address: z.string().nullable(),
    user_agent: z.string().nullable(),
    request_id: z.string().nullable(),
    count: z.int(),
    details: z.record(z.string(), z.unknown()),
  })
  .openapi('AuditEvent')

const seq = z.coerce
  .number('A whole number.')
  .int('A whole number.')
  .min(0, 'At least 0.')
  .max(Number.MAX_SAFE_INTEGER, 'No row has this number.')

export const listAuditEndpoint = endpoint({
  method: 'get',
  path: '/audit',
  permission: 'audit:read',
  tag: 'Audit log',
  summary: 'Read the audit log, newest first',
  description:
    'With after_seq instead of cursor: what was linked into the chain after that row, oldest first; next_seq is where to go on.',
  request: {
    query: pageQuery
      .extend({
        kind: z.enum(auditKinds, 'Not a kind of event.').optional(),
        client_id: uuid.optional(),
        key_id: keyId.optional(),
        session_id: uuid.optional(),
        user_id: uuid.optional(),
        request_id: z
          .string()
          .regex(/^[A-Za-z0-9._-]{1,128}$/, 'Not a request id of ours.')
          .optional(),
        from: instant.optional(),
        to: instant.optional().openapi({ description: 'Exclusive.' }),
        after_seq: seq.optional(),
      })
      .refine((query) => query.cursor === undefined || query.after_seq === undefined, {
        path: ['after_seq'],
        message: 'Not together with cursor.',
      }),
  },
  answers: answers(
    z.object({
      items: z.array(eventSchema),
      next_cursor: z.string().nullable(),
      next_seq: z.int().nullable(),
    }),
    { errors: [400, 401, 403, 503] },
  ),
  async handle(c, { query }) {
    const { limit, cursor, after_seq: afterSeq } = query
    const filter: AuditFilter = {
      kind: query.kind,
      clientId: query.client_id,
      keyId: query.key_id,
      sessionId: query.session_id,
      userId: query.user_id,
      requestId: query.request_id,
      from: query.from,
      to: query.to,
    }
    if (afterSeq !== undefined) {
      const { items, nextSeq } = await c.env.service.followAuditEvents(filter, { afterSeq, limit })
      return answer(c, { items: items.map(spellEvent), next_cursor: null, next_seq: nextSeq })
    }
    const page = await c.env.service.listAuditEvents(filter, { limit, cursor })
    if (!page.ok) return refused(c, page.failure)
    const { items, nextCursor } = page.value
    return answer(c, { items: items.map(spellEvent), next_cursor: nextCursor ?? null, next_seq: null })
  },
})

export const verifyAuditEndpoint = endpoint({
  method: 'get',
  path: '/audit/verify',
  permission: 'audit:read',
  tag: 'Audit log',
  summary: 'Check that the audit log is as it was written',
  description:
    'Checks up to 20,000 rows a call. While complete is false, call again with after_seq=checked_through.',
  request: { query: z.object({ after_seq: seq.optional() }) },
  answers: answers(
    z.object({
      intact: z.boolean(),
      complete: z.boolean(),
      problem: z
        .object({
          what: z.enum(['missing', 'altered', 'reordered', 'ends', 'secret']),
          seq: z.int(),
          event_id: z.string().nullable(),
        })
        .nullable(),
      checked: z.int(),
      checked_through: z.int(),
      first_seq: z.int(),
      last_seq: z.int(),
      last_hash: z.string().nullable(),
    }),
    { errors: [400, 401, 403, 503] },
  ),
  async handle(c, { query }) {
    const { problem, ...verdict } = await c.env.service.verifyAuditChain(query.after_seq)
    return answer(c, {
      intact: problem === undefined,
      complete: verdict.complete,
      problem: problem ? { what: problem.what, seq: problem.seq, event_id: problem.eventId ?? null } : null,
      checked: verdict.checked,
      checked_through: verdict.checkedThrough,
      first_seq: verdict.firstSeq,
      last_seq: verdict.lastSeq,
      last_hash: verdict.lastHash ?? null,
    })
  },
})

export function spellEvent(event: StoredAuditEvent) {
  return {
    id: event.id,
    seq: event.seq ?? null,
    at: event.at.toISOString(),
    kind: event.kind,
    client_id: event.clientId ?? null,
    key_id: event.keyId ?? null,
    session_id: event.sessionId ?? null,
    user_id: event.userId ?? null,
    target: event.target ?? null,
    reason: event.reason ?? null,
    address: event.address ?? null,
    user_agent: event.userAgent ?? null,
    request_id: event.requestId ?? null,
    count: event.count,
    details: event.details,
  }
}

import { z } from '@hono/zod-openapi'
import type { ApiKey } from '../../core/keys/api-key.ts'
import { keyState, keyStates } from '../../core/keys/key-state.ts'
import { overlapDefaultSeconds, overlapMaxSeconds } from '../../core/keys/rotate.ts'
import { actorOf } from '../../http/caller.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import {
  answers,
  instant,
  keyId,
  metadata,
  name,
  pageOf,
  pageQuery,
  permissions,
  rateLimit,
  uuid,
} from './schemas.ts'

export const keySchema = z
  .object({
    id: z.string(),
    client_id: z.uuid(),
    name: z.string(),
    hint: z.string().openapi({ description: 'How the key begins. The rest was shown once.' }),
    state: z.enum(keyStates),
    permissions: z.array(z.string()),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    disabled_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
    revoked_reason: z.string().nullable(),
    successor_id: z.string().nullable(),
    retires_at: z.iso.datetime().nullable(),
    allowed_cidrs: z.array(z.string()),
    rate_limit: rateLimit.nullable(),
    quota: z.int().nullable(),
    metadata: z.record(z.string(), z.unknown()),
    canary: z.boolean(),
  })
  .openapi('ApiKey')

const clientParams = z.object({ id: uuid.openapi({ description: "The client's id." }) })
const idempotencyHeader = {
  description: 'An Idempotency-Key makes a repeated call answer the same for 10 minutes.',
}

const secretAnswers = (errors: readonly number[]) =>
  answers(keySchema.extend({ api_key: z.string() }), { status: 201, errors })

export const issueKeyEndpoint = endpoint({
  method: 'post',
  path: '/clients/{id}/keys',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Issue an API key',
  description: `The answer holds the key itself, this once and never again. ${idempotencyHeader.description}`,
  request: {
    params: clientParams,
    body: z
      .strictObject({
        name,
        permissions: permissions.optional(),
        expires_at: instant.nullish(),
        allowed_cidrs: z.array(z.string().max(64)).max(50).default([]),
        rate_limit: rateLimit.nullish(),
        quota: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullish(),
        metadata: metadata.default({}),
        canary: z.boolean().default(false),
      })
      .openapi({ example: { name: 'production' } }),
  },
  answers: secretAnswers([400, 401, 403, 404, 409, 503]),
  async handle(c, { params, body }) {
    const issued = await c.env.service.issueKey(actorOf(c), {
      clientId: params.id,
      idempotencyKey: c.env.header('idempotency-key'),
      wanted: {
        name: body.name,
        permissions: body.permissions,
        expiresAt: body.expires_at ?? undefined,
        allowedCidrs: body.allowed_cidrs,
        rateLimit: body.rate_limit ?? undefined,
        quota: body.quota ?? undefined,
        metadata: body.metadata,
        canary: body.canary,
      },
    })
    if (!issued.ok) return refused(c, issued.failure)
    return answer(c, { ...spellKey(issued.value.key, c.env.service.now()), api_key: issued.value.text }, 201)
  },
})

export const listKeysEndpoint = endpoint({
  method: 'get',
  path: '/clients/{id}/keys',
  permission: 'keys:read',
  tag: 'API keys',
  summary: "List a client's API keys, oldest first",
  request: { params: clientParams, query: pageQuery },
  answers: answers(pageOf(keySchema), { errors: [400, 401, 403, 404, 503] }),
  async handle(c, { params, query }) {
    const page = await c.env.service.listKeys(params.id, { limit: query.limit, cursor: query.cursor })
    if (!page.ok) return refused(c, page.failure)
    const now = c.env.service.now()
    const items = page.value.items.map((key) => spellKey(key, now))
    return answer(c, { items, next_cursor: page.value.nextCursor ?? null })
  },
})

export const rotateKeyEndpoint = endpoint({
  method: 'post',
  path: '/keys/{id}/rotate',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Make a successor and let the key run out',
  description: `The old key works beside the new one for the overlap, ${overlapDefaultSeconds} seconds by default, and its answers say that it is going. ${idempotencyHeader.description}`,
  request: {
    params: z.object({ id: keyId }),
    body: z.strictObject({ overlap_seconds: z.int().min(0).max(overlapMaxSeconds).optional() }),
  },
  answers: secretAnswers([400, 401, 403, 404, 409, 503]),
  async handle(c, { params, body }) {
    const issued = await c.env.service.rotateKey(actorOf(c), {
      id: params.id,
      overlapSeconds: body.overlap_seconds,
      idempotencyKey: c.env.header('idempotency-key'),
    })
    if (!issued.ok) return refused(c, issued.failure)
    return answer(c, { ...spellKey(issued.value.key, c.env.service.now()), api_key: issued.value.text }, 201)
  },
})

export function spellKey(key: ApiKey, now: Date) {
  return {
    id: key.id,
    client_id: key.clientId,
    name: key.name,
    hint: `${key.prefix}_${key.id}…`,
    state: keyState(key, now),
    permissions: key.permissions,
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    disabled_at: key.disabledAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    revoked_reason: key.revokedReason ?? null,
    successor_id: key.successorId ?? null,
    retires_at: key.retiresAt?.toISOString() ?? null,
    allowed_cidrs: key.allowedCidrs,
    rate_limit: spellRateLimit(key),
    quota: key.quota ?? null,
    metadata: key.metadata,
    canary: key.canary,
  }
}

function spellRateLimit({ rateLimit: limit }: ApiKey) {
  return limit === undefined ? null : { limit: limit.limit, window_seconds: limit.windowSeconds }
}

import { z } from '@hono/zod-openapi'
import type { Failure } from '../../core/failure.ts'
import type { ApiKey } from '../../core/keys/api-key.ts'
import type { Result } from '../../core/result.ts'
import { actorOf, callerOf } from '../../http/caller.ts'
import { readApiKey } from '../../http/credentials.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { admitCaller, requirePermission } from '../../http/guard.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { keySchema, spellKey } from './keys.ts'
import { answers, instant, keyId, metadata, name, permissions, rateLimit } from './schemas.ts'

const params = z.object({ id: keyId })
const keyAnswers = answers(keySchema, { errors: [400, 401, 403, 404, 409, 503] })
const reason = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{C}]+$/u, 'No control characters.')
  .optional()

export const getKeyEndpoint = endpoint({
  method: 'get',
  path: '/keys/{id}',
  permission: 'keys:read',
  tag: 'API keys',
  summary: 'See a key and who uses it',
  request: { params },
  answers: answers(
    keySchema.extend({
      usage: z
        .object({
          count: z.int(),
          last_used_at: z.iso.datetime(),
          last_address: z.string().nullable(),
          last_user_agent: z.string().nullable(),
        })
        .nullable(),
    }),
    { errors: [400, 401, 403, 404, 503] },
  ),
  async handle(c, parsed) {
    const found = await c.env.service.findKey(parsed.params.id)
    if (!found.ok) return refused(c, found.failure)
    const { key, usage } = found.value
    const spelled = usage && {
      count: usage.count,
      last_used_at: usage.lastUsedAt.toISOString(),
      last_address: usage.lastAddress ?? null,
      last_user_agent: usage.lastUserAgent ?? null,
    }
    return answer(c, { ...spellKey(key, c.env.service.now()), usage: spelled ?? null })
  },
})

export const updateKeyEndpoint = endpoint({
  method: 'patch',
  path: '/keys/{id}',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Change a key',
  description:
    'A field that is left out stays; null empties it. Fewer permissions end the tokens that had more.',
  request: {
    params,
    body: z.strictObject({
      name: name.optional(),
      permissions: permissions.optional(),
      expires_at: instant.nullish(),
      allowed_cidrs: z.array(z.string().max(64)).max(50).optional(),
      rate_limit: rateLimit.nullish(),
      quota: z.int().min(1).max(Number.MAX_SAFE_INTEGER).nullish(),
      metadata: metadata.optional(),
    }),
  },
  answers: keyAnswers,
  async handle(c, { params: { id }, body }) {
    const update = {
      name: body.name,
      permissions: body.permissions,
      expiresAt: body.expires_at,
      allowedCidrs: body.allowed_cidrs,
      rateLimit: body.rate_limit,
      quota: body.quota,
      metadata: body.metadata,
    }
    return spelled(c, await c.env.service.updateKey(actorOf(c), { id, update }))
  },
})

export const disableKeyEndpoint = endpoint({
  method: 'post',
  path: '/keys/{id}/disable',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Stop a key until it is enabled again',
  description: 'Its live tokens end at once.',
  request: { params },
  answers: keyAnswers,
  handle: async (c, parsed) => spelled(c, await c.env.service.disableKey(actorOf(c), parsed.params.id)),
})

export const enableKeyEndpoint = endpoint({
  method: 'post',
  path: '/keys/{id}/enable',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Let a disabled key work again',
  description: 'Tokens from before it was disabled stay dead.',
  request: { params },
  answers: keyAnswers,
  handle: async (c, parsed) => spelled(c, await c.env.service.enableKey(actorOf(c), parsed.params.id)),
})

export const retireKeyEndpoint = endpoint({
  method: 'post',
  path: '/keys/{id}/retire',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'End the overlap of a rotated key early',
  description: 'Refused while the key was used within the last hour, unless force is true.',
  request: { params, body: z.strictObject({ force: z.boolean().default(false) }) },
  answers: keyAnswers,
  handle: async (c, { params: { id }, body }) =>
    spelled(c, await c.env.service.retireKey(actorOf(c), { id, force: body.force })),
})

export const deleteKeyEndpoint = endpoint({
  method: 'delete',
  path: '/keys/{id}',
  permission: 'keys:write',
  tag: 'API keys',
  summary: 'Withdraw an API key',
  description:
    'From this moment it can neither be exchanged nor refreshed with, and its live tokens end. With ?purge=true its record goes too.',
  request: { params, query: z.object({ purge: z.enum(['true', 'false']).default('false') }) },
  answers: keyAnswers,
  async handle(c, { params: { id }, query }) {
    const revoked = await c.env.service.revokeKey(actorOf(c), { id, reason: undefined })
    if (!revoked.ok || query.purge === 'false') return spelled(c, revoked)
    const deleted = await c.env.service.deleteKey(actorOf(c), id)
    return deleted.ok ? spelled(c, revoked) : refused(c, deleted.failure)
  },
})

export const revokeKeyEndpoint = endpoint({
  method: 'post',
  path: '/keys/{id}/revoke',
  tag: 'API keys',
  summary: 'Revoke a key for good',
  description:
    'With an access token that permits keys:write, or by possession: whoever shows the key itself, in the body or in X-API-Key, may kill it.',
  request: { params, body: z.strictObject({ reason, apiKey: z.string().max(4096).optional() }) },
  answers: keyAnswers,
  async handle(c, { params: { id }, body }) {
    const shown = body.apiKey !== undefined || c.env.header('x-api-key') !== undefined
    if (!shown) {
      const caller = await admitCaller(c)
      const allowed = caller.ok ? requirePermission(c, 'keys:write') : caller
      return allowed.ok
        ? spelled(c, await c.env.service.revokeKey(actorOf(c), { id, reason: body.reason }))
        : refused(c, allowed.failure)
    }
    const apiKey = readApiKey(c, body.apiKey)
    if (!apiKey.ok) return refused(c, apiKey.failure)
    const order = { id, apiKey: apiKey.value, reason: body.reason ?? 'surrendered' }
    return spelled(c, await c.env.service.surrenderKey(order, callerOf(c)))
  },
})

function spelled(c: GatewayContext, key: Result<ApiKey, Failure>): Response {
  return key.ok ? answer(c, spellKey(key.value, c.env.service.now())) : refused(c, key.failure)
}

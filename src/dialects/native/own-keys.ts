import { z } from '@hono/zod-openapi'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { keySchema, spellKey } from './keys.ts'
import { answers, instant, keyId, name, pageOf, pageQuery, permissions } from './schemas.ts'
import { password } from './user-schemas.ts'

const TAG = 'Own API keys'
const permission = 'keys:own'

export const listOwnKeysEndpoint = accountEndpoint({
  method: 'get',
  path: '/me/keys',
  permission,
  tag: TAG,
  summary: 'List your own API keys, oldest first',
  description: 'Those too that an administrator made for you.',
  request: { query: pageQuery },
  answers: answers(pageOf(keySchema), { errors: [400, 401, 403, 422, 503] }),
  async handle(c, { query: { limit, cursor } }) {
    const page = await c.env.service.listOwnKeys(actorOf(c), { limit, cursor })
    if (!page.ok) return refused(c, page.failure)
    const now = c.env.service.now()
    const items = page.value.items.map((key) => spellKey(key, now))
    return answer(c, { items, next_cursor: page.value.nextCursor ?? null })
  },
})

export const issueOwnKeyEndpoint = accountEndpoint({
  method: 'post',
  path: '/me/keys',
  permission,
  tag: TAG,
  summary: 'Issue an API key of your own',
  description:
    'Asks for the password again. It can do no more than it is given here and than you may at that moment, and ends with your account. You can have 20 that live. The answer holds the key itself, this once and never again. An Idempotency-Key makes a repeated call answer the same for 10 minutes.',
  request: {
    body: z
      .strictObject({
        name,
        permissions,
        password,
        expires_at: instant.nullish(),
        allowed_cidrs: z.array(z.string().max(64)).max(50).default([]),
      })
      .openapi({
        example: {
          example: { name: 'my laptop', permissions: ['orders:read'], password: 'your password' },
        },
      }),
  },
  answers: answers(keySchema.extend({ api_key: z.string() }), {
    status: 201,
    errors: [400, 401, 403, 409, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const issued = await c.env.service.issueOwnKey(actorOf(c), {
      name: body.name,
      permissions: body.permissions,
      password: body.password,
      expiresAt: body.expires_at ?? undefined,
      allowedCidrs: body.allowed_cidrs,
      idempotencyKey: c.env.header('idempotency-key'),
    })
    if (!issued.ok) return refused(c, issued.failure)
    return answer(c, { ...spellKey(issued.value.key, c.env.service.now()), api_key: issued.value.text }, 201)
  },
})

export const revokeOwnKeyEndpoint = accountEndpoint({
  method: 'delete',
  path: '/me/keys/{id}',
  permission,
  tag: TAG,
  summary: 'Revoke an API key of your own',
  description: 'For good: its sessions and tokens end at once, on every instance within a second.',
  request: { params: z.object({ id: keyId }) },
  answers: answers(keySchema, { errors: [401, 403, 404, 422, 503] }),
  async handle(c, { params }) {
    const revoked = await c.env.service.revokeOwnKey(actorOf(c), params.id)
    return revoked.ok ? answer(c, spellKey(revoked.value, c.env.service.now())) : refused(c, revoked.failure)
  },
})

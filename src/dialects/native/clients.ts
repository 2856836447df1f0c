import { z } from '@hono/zod-openapi'
import type { Client } from '../../core/clients/client.ts'
import { actorOf } from '../../http/caller.ts'
import { endpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { answers, name, pageOf, pageQuery, permissions, uuid } from './schemas.ts'

export const clientSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    permissions: z.array(z.string()),
    owner_id: z.uuid().nullable(),
    created_at: z.iso.datetime(),
    disabled_at: z.iso.datetime().nullable(),
  })
  .openapi('Client')

export const listClientsEndpoint = endpoint({
  method: 'get',
  path: '/clients',
  permission: 'keys:read',
  tag: 'Clients',
  summary: 'List clients, oldest first',
  request: { query: pageQuery },
  answers: answers(pageOf(clientSchema), { errors: [400, 401, 403, 503] }),
  async handle(c, { query }) {
    const page = await c.env.service.listClients({ limit: query.limit, cursor: query.cursor })
    if (!page.ok) return refused(c, page.failure)
    return answer(c, { items: page.value.items.map(spellClient), next_cursor: page.value.nextCursor ?? null })
  },
})

export const createClientEndpoint = endpoint({
  method: 'post',
  path: '/clients',
  permission: 'keys:write',
  tag: 'Clients',
  summary: 'Create a client',
  description:
    'A client is a service account: its keys can do no more than it may. With `owner_id` it is somebody’s: its keys can do no more than they may at that moment, and end with their account.',
  request: {
    body: z
      .strictObject({ name, permissions: permissions.default([]), owner_id: uuid.optional() })
      .openapi({ example: { name: 'billing', permissions: ['orders:read'] } }),
  },
  answers: answers(clientSchema, { status: 201, errors: [400, 401, 403, 404, 409, 503] }),
  async handle(c, { body: { name, permissions, owner_id: ownerId } }) {
    const client = await c.env.service.createClient(actorOf(c), { name, permissions, ownerId })
    return client.ok ? answer(c, spellClient(client.value), 201) : refused(c, client.failure)
  },
})

export const cutOffClientEndpoint = endpoint({
  method: 'post',
  path: '/clients/{id}/cut-off',
  permission: 'keys:write',
  tag: 'Clients',
  summary: 'End everything that was issued to a client before now',
  description: 'All its sessions and access tokens end at once. Its keys stay good for new ones.',
  request: { params: z.object({ id: uuid }) },
  answers: answers(clientSchema, { errors: [400, 401, 403, 404, 503] }),
  async handle(c, { params }) {
    const client = await c.env.service.cutOffClient(actorOf(c), params.id)
    return client.ok ? answer(c, spellClient(client.value)) : refused(c, client.failure)
  },
})

export function spellClient(client: Client) {
  return {
    id: client.id,
    name: client.name,
    permissions: client.permissions,
    owner_id: client.ownerId ?? null,
    created_at: client.createdAt.toISOString(),
    disabled_at: client.disabledAt?.toISOString() ?? null,
  }
}

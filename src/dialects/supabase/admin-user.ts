import { z } from '@hono/zod-openapi'
import { idForms } from '../../core/page.ts'
import { actorOf } from '../../http/caller.ts'
import type { GatewayContext } from '../../http/gateway-env.ts'
import { answer } from './answer.ts'
import { answerUser } from './answer-user.ts'
import { deny, denyInvalid } from './deny.ts'
import { refused } from './refuse.ts'
import { userSchema } from './schemas.ts'
import { serviceEndpoint } from './service-endpoint.ts'
import { readUserOrder, userOrder } from './user-order.ts'

export const userParams = z.object({ id: z.string().openapi({ description: "The user's id." }) })

/** The id of a user as the database takes it; undefined for what is none. */
export function readUserId({ id }: z.output<typeof userParams>): string | undefined {
  const lower = id.toLowerCase()
  return idForms.uuid.test(lower) ? lower : undefined
}

export function noUserId(c: GatewayContext): Response {
  return deny(c, { status: 404, code: 'validation_failed', message: 'user_id must be an UUID' })
}

export const showUserEndpoint = serviceEndpoint({
  method: 'get',
  path: '/admin/users/{id}',
  summary: 'Show a user',
  request: { params: userParams },
  answer: userSchema,
  errors: [404],
  async handle(c, { params }) {
    const id = readUserId(params)
    return id === undefined ? noUserId(c) : answerUser(c, id)
  },
})

export const changeUserEndpoint = serviceEndpoint({
  method: 'put',
  path: '/admin/users/{id}',
  summary: 'Change a user',
  description:
    'At once, without asking a mailbox. Metadata is merged, and null takes a member out. Another password ends all sessions.',
  request: { params: userParams, body: userOrder },
  answer: userSchema,
  errors: [400, 404, 409, 413, 422],
  async handle(c, { params, body }) {
    const id = readUserId(params)
    if (id === undefined) return noUserId(c)
    const order = readUserOrder(body)
    if (!order.ok) return denyInvalid(c, order.failure)
    const changed = await c.env.service.reviseUser(actorOf(c), { id, order: order.value })
    return changed.ok ? answerUser(c, id) : refused(c, changed.failure)
  },
})

export const deleteUserEndpoint = serviceEndpoint({
  method: 'delete',
  path: '/admin/users/{id}',
  summary: 'Delete a user',
  description:
    'Erased at once; with `should_soft_delete` all but address and number can be restored for 30 days.',
  request: {
    params: userParams,
    body: z.object({ should_soft_delete: z.boolean('true or false is needed.').default(false) }),
  },
  emptyIsFine: true,
  answer: z.object({}),
  errors: [400, 404, 409],
  async handle(c, { params, body }) {
    const id = readUserId(params)
    if (id === undefined) return noUserId(c)
    const deleted = await c.env.service.dismissUser(actorOf(c), { id, softly: body.should_soft_delete })
    return deleted.ok ? answer(c, {}) : refused(c, deleted.failure)
  },
})

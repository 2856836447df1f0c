import { z } from '@hono/zod-openapi'
import type { Role } from '../../core/accounts/role.ts'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { answers, answersNothing, pageOf, pageQuery, permissions, uuid } from './schemas.ts'

const TAG = 'Roles'

const roleSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    permissions: z.array(z.string()),
    second_factor_required: z.boolean(),
    built_in: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .openapi('Role')

/** Of letters that have no look-alike in another case or script. */
export const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,49}$/, 'From 1 to 50 of a to z, 0 to 9, and . _ -, a letter first.')

const roleParams = z.object({ id: uuid })

export const listRolesEndpoint = accountEndpoint({
  method: 'get',
  path: '/roles',
  permission: 'roles:read',
  tag: TAG,
  summary: 'List roles, oldest first',
  request: { query: pageQuery },
  answers: answers(pageOf(roleSchema), { errors: [400, 401, 403, 422, 503] }),
  async handle(c, { query }) {
    const page = await c.env.service.listRoles({ limit: query.limit, cursor: query.cursor })
    if (!page.ok) return refused(c, page.failure)
    return answer(c, { items: page.value.items.map(spellRole), next_cursor: page.value.nextCursor ?? null })
  },
})

export const createRoleEndpoint = accountEndpoint({
  method: 'post',
  path: '/roles',
  permission: 'roles:write',
  tag: TAG,
  summary: 'Create a role',
  description: 'With no permission that you do not hold yourself.',
  request: {
    body: z
      .strictObject({
        name: roleName,
        permissions: permissions.default([]),
        second_factor_required: z.boolean().default(false),
      })
      .openapi({ example: { name: 'support', permissions: ['orders:*', 'users:read'] } }),
  },
  answers: answers(roleSchema, { status: 201, errors: [400, 401, 403, 409, 422, 503] }),
  async handle(c, { body }) {
    const { name, permissions, second_factor_required: secondFactorRequired } = body
    const role = await c.env.service.createRole(actorOf(c), { name, permissions, secondFactorRequired })
    return role.ok ? answer(c, spellRole(role.value), 201) : refused(c, role.failure)
  },
})

export const getRoleEndpoint = accountEndpoint({
  method: 'get',
  path: '/roles/{id}',
  permission: 'roles:read',
  tag: TAG,
  summary: 'Show a role',
  request: { params: roleParams },
  answers: answers(roleSchema, { errors: [401, 403, 404, 422, 503] }),
  async handle(c, { params }) {
    const role = await c.env.service.findRole(params.id)
    return role.ok ? answer(c, spellRole(role.value)) : refused(c, role.failure)
  },
})

export const updateRoleEndpoint = accountEndpoint({
  method: 'patch',
  path: '/roles/{id}',
  permission: 'roles:write',
  tag: TAG,
  summary: 'Change a role',
  description:
    'You must hold all that it permits, before and after. What is taken is gone from live tokens within a second; what is given comes with the next token.',
  request: {
    params: roleParams,
    body: z.strictObject({
      name: roleName.optional(),
      permissions: permissions.optional(),
      second_factor_required: z.boolean().optional(),
    }),
  },
  answers: answers(roleSchema, { errors: [400, 401, 403, 404, 409, 422, 503] }),
  async handle(c, { params, body }) {
    const { name, permissions, second_factor_required: secondFactorRequired } = body
    const update = { name, permissions, secondFactorRequired }
    const role = await c.env.service.updateRole(actorOf(c), { id: params.id, update })
    return role.ok ? answer(c, spellRole(role.value)) : refused(c, role.failure)
  },
})

export const deleteRoleEndpoint = accountEndpoint({
  method: 'delete',
  path: '/roles/{id}',
  permission: 'roles:write',
  tag: TAG,
  summary: 'Delete a role that nobody has',
  request: { params: roleParams },
  answers: answersNothing([401, 403, 404, 409, 422, 503]),
  async handle(c, { params }) {
    const role = await c.env.service.deleteRole(actorOf(c), params.id)
    return role.ok ? answerNothing(c) : refused(c, role.failure)
  },
})

function spellRole(role: Role): z.output<typeof roleSchema> {
  return {
    id: role.id,
    name: role.name,
    permissions: [...role.permissions],
    second_factor_required: role.secondFactorRequired,
    built_in: role.builtIn,
    created_at: role.createdAt.toISOString(),
  }
}

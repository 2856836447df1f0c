import { z } from '@hono/zod-openapi'
import type { AdministrationService } from '../../core/accounts/administration.ts'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer, answerNothing } from './envelope.ts'
import { managedUserSchema, spellManagedUser } from './managed-user-schema.ts'
import { roleName } from './roles.ts'
import { answers, answersNothing, pageOf, pageQuery, uuid } from './schemas.ts'
import {
  email,
  password,
  profileChangeFields,
  profileFields,
  readProfile,
  readProfileChange,
  username,
} from './user-schemas.ts'

const TAG = 'Users'

const userParams = z.object({ id: uuid })
const errors = [400, 401, 403, 404, 409, 422, 503]

export const listUsersEndpoint = accountEndpoint({
  method: 'get',
  path: '/users',
  permission: 'users:read',
  tag: TAG,
  summary: 'List users, oldest first, or find the one of an address',
  description: 'Deleted ones too, until they are erased.',
  request: { query: pageQuery.extend({ email: email.optional() }) },
  answers: answers(pageOf(managedUserSchema), { errors: [400, 401, 403, 422, 503] }),
  async handle(c, { query }) {
    const { limit, cursor, email: address } = query
    const page = await c.env.service.listUsers({ limit, cursor, email: address })
    if (!page.ok) return refused(c, page.failure)
    const items = page.value.items.map(spellManagedUser)
    return answer(c, { items, next_cursor: page.value.nextCursor ?? null })
  },
})

export const addUserEndpoint = accountEndpoint({
  method: 'post',
  path: '/users',
  permission: 'users:write',
  tag: TAG,
  summary: 'Create a user',
  description:
    'Without a password nobody can sign in until the user is invited. With one, and an address that nobody vouches for, its owner is asked to confirm it. The role permits nothing that you do not hold.',
  request: {
    body: z
      .strictObject({
        email,
        password: password.optional(),
        username: username.optional(),
        role: roleName.optional(),
        email_confirmed: z.boolean().default(false),
        ...profileFields,
      })
      .openapi({ example: { email: 'ada@example.com', role: 'user' } }),
  },
  answers: answers(managedUserSchema, { status: 201, errors }),
  async handle(c, { body }) {
    const { email: address, password: chosen, username: called, role, email_confirmed: emailConfirmed } = body
    const added = await c.env.service.addUser(actorOf(c), {
      ...readProfile(body),
      email: address,
      password: chosen,
      username: called,
      role,
      emailConfirmed,
    })
    return added.ok ? answer(c, spellManagedUser(added.value), 201) : refused(c, added.failure)
  },
})

export const getUserEndpoint = accountEndpoint({
  method: 'get',
  path: '/users/{id}',
  permission: 'users:read',
  tag: TAG,
  summary: 'Show a user',
  request: { params: userParams },
  answers: answers(managedUserSchema, { errors: [401, 403, 404, 422, 503] }),
  async handle(c, { params }) {
    const found = await c.env.service.findUser(params.id)
    return found.ok ? answer(c, spellManagedUser(found.value)) : refused(c, found.failure)
  },
})

export const updateUserEndpoint = accountEndpoint({
  method: 'patch',
  path: '/users/{id}',
  permission: 'users:write',
  tag: TAG,
  summary: 'Change the profile or the role of a user',
  description:
    'You must hold all that the role permits, before and after. What a smaller role takes is gone from live tokens within a second; what a larger one gives comes with the next token.',
  request: {
    params: userParams,
    body: z.strictObject({ role: roleName.optional(), ...profileChangeFields }),
  },
  answers: answers(managedUserSchema, { errors }),
  async handle(c, { params, body }) {
    const update = { profile: readProfileChange(body), role: body.role }
    const changed = await c.env.service.updateUser(actorOf(c), { id: params.id, update })
    return changed.ok ? answer(c, spellManagedUser(changed.value)) : refused(c, changed.failure)
  },
})

/** One `POST /users/{id}/<verb>`: no body, and the user as they are then. */
function userAction(
  verb: string,
  use: 'disableUser' | 'enableUser' | 'restoreUser' | 'forcePasswordReset',
  { summary, description }: { readonly summary: string; readonly description: string },
) {
  return accountEndpoint({
    method: 'post',
    path: `/users/{id}/${verb}`,
    permission: 'users:write',
    tag: TAG,
    summary,
    description,
    request: { params: userParams },
    answers: answers(managedUserSchema, { errors: [401, 403, 404, 409, 422, 503] }),
    async handle(c, { params }) {
      const service: Pick<AdministrationService, typeof use> = c.env.service
      const changed = await service[use](actorOf(c), params.id)
      return changed.ok ? answer(c, spellManagedUser(changed.value)) : refused(c, changed.failure)
    },
  })
}

export const userActionEndpoints = [
  userAction('disable', 'disableUser', {
    summary: 'Disable a user',
    description: 'Sessions, tokens, links and the keys that the user owns end at once, on every instance.',
  }),
  userAction('enable', 'enableUser', {
    summary: 'Enable a user',
    description: 'They sign in as before; keys that they own work again. Their sessions stay ended.',
  }),
  userAction('restore', 'restoreUser', {
    summary: 'Restore a deleted user',
    description: 'Within 30 days of the deletion; then the account is erased.',
  }),
  userAction('password-reset', 'forcePasswordReset', {
    summary: 'Force a new password',
    description: 'Sessions end, the password is good for nothing, and a link to set a new one is mailed.',
  }),
]

export const deleteUserEndpoint = accountEndpoint({
  method: 'delete',
  path: '/users/{id}',
  permission: 'users:write',
  tag: TAG,
  summary: 'Delete a user',
  description: 'Everything of theirs ends at once. For 30 days it can be restored.',
  request: { params: userParams },
  answers: answersNothing([401, 403, 404, 409, 422, 503]),
  async handle(c, { params }) {
    const deleted = await c.env.service.deleteUser(actorOf(c), params.id)
    return deleted.ok ? answerNothing(c) : refused(c, deleted.failure)
  },
})

export const clearUserFactorsEndpoint = accountEndpoint({
  method: 'delete',
  path: '/users/{id}/factors',
  permission: 'users:write',
  tag: TAG,
  summary: 'Take away the second factors and recovery codes of a user',
  description:
    'For somebody who has lost them: make sure that it is them who asks. Their sessions end and a mail tells them. Where there is no factor nothing happens. Nobody does it to their own account, nor by a key of their own.',
  request: { params: userParams },
  answers: answersNothing([401, 403, 404, 409, 422, 503]),
  async handle(c, { params }) {
    const cleared = await c.env.service.clearUserFactors(actorOf(c), params.id)
    return cleared.ok ? answerNothing(c) : refused(c, cleared.failure)
  },
})

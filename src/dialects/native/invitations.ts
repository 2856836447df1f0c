import { z } from '@hono/zod-openapi'
import { actorOf, callerOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { managedUserSchema, spellManagedUser } from './managed-user-schema.ts'
import { roleName } from './roles.ts'
import { answers } from './schemas.ts'
import {
  email,
  password,
  profileChangeFields,
  profileFields,
  readProfile,
  readProfileChange,
  username,
} from './user-schemas.ts'

export const inviteUserEndpoint = accountEndpoint({
  method: 'post',
  path: '/users/invite',
  permission: 'users:write',
  tag: 'Users',
  summary: 'Invite somebody by mail',
  description:
    'The link is good once, for 72 hours. Whoever was invited before and has not come gets a new one.',
  request: {
    body: z
      .strictObject({ email, username: username.optional(), role: roleName.optional(), ...profileFields })
      .openapi({ example: { email: 'ada@example.com', role: 'user', locale: 'fr' } }),
  },
  answers: answers(managedUserSchema, { status: 201, errors: [400, 401, 403, 404, 409, 422, 503] }),
  async handle(c, { body }) {
    const invited = await c.env.service.inviteUser(actorOf(c), {
      ...readProfile(body),
      email: body.email,
      username: body.username,
      role: body.role,
    })
    return invited.ok ? answer(c, spellManagedUser(invited.value), 201) : refused(c, invited.failure)
  },
})

export const acceptInvitationEndpoint = accountEndpoint({
  method: 'post',
  path: '/auth/invite/accept',
  tag: 'Accounts',
  summary: 'Follow an invitation: set a password',
  description: 'The link proves the address too. Then sign in.',
  request: {
    body: z.strictObject({ token: z.string('A text is needed.'), password, ...profileChangeFields }),
  },
  answers: answers(z.object({ email: z.string() }), { errors: [400, 401, 409, 413, 415, 422, 503] }),
  async handle(c, { body }) {
    const { token, password: chosen } = body
    const answered = { token, password: chosen, profile: readProfileChange(body) }
    const accepted = await c.env.service.acceptInvitation(answered, callerOf(c))
    if (!accepted.ok) return refused(c, accepted.failure)
    const { user } = accepted.value
    c.set('userId', user.id)
    return answer(c, { email: user.email })
  },
})

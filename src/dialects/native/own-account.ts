import { z } from '@hono/zod-openapi'
import { actorOf } from '../../http/caller.ts'
import { accountEndpoint, refused } from './endpoint.ts'
import { answer } from './envelope.ts'
import { personalDataSchema, spellPersonalData } from './personal-data.ts'
import { answers } from './schemas.ts'
import { password, profileChangeFields, spellUser, userSchema } from './user-schemas.ts'

const TAG = 'Accounts'

export const updateProfileEndpoint = accountEndpoint({
  method: 'patch',
  path: '/me',
  tag: TAG,
  summary: 'Change what one says of oneself',
  description:
    'A field that is left out stays, null empties it, and `metadata` is replaced as a whole. Any other field is refused.',
  request: {
    body: z.strictObject(profileChangeFields),
  },
  answers: answers(userSchema, { errors: [400, 401, 403, 409, 413, 415, 422, 503] }),
  async handle(c, { body }) {
    const { name, surname, username, phone, locale, avatar_url: avatarUrl, metadata } = body
    const update = { name, surname, username, phone, locale, avatarUrl }
    const updated = await c.env.service.updateProfile(
      actorOf(c),
      metadata === undefined ? update : { ...update, metadata },
    )
    return updated.ok ? answer(c, spellUser(updated.value)) : refused(c, updated.failure)
  },
})

export const deleteAccountEndpoint = accountEndpoint({
  method: 'delete',
  path: '/me',
  tag: TAG,
  summary: 'Delete the own account',
  description:
    'Its sessions, tokens, clients and keys end at once. An administrator can restore it until `restorable_until`; then its data is erased.',
  request: { body: z.strictObject({ password }) },
  answers: answers(z.object({ restorable_until: z.iso.datetime() }), {
    errors: [400, 401, 403, 409, 413, 415, 422, 429, 503],
  }),
  async handle(c, { body }) {
    const deleted = await c.env.service.deleteOwnAccount(actorOf(c), body.password)
    if (!deleted.ok) return refused(c, deleted.failure)
    return answer(c, { restorable_until: deleted.value.restorableUntil.toISOString() })
  },
})

export const exportPersonalDataEndpoint = accountEndpoint({
  method: 'get',
  path: '/me/export',
  tag: TAG,
  summary: 'Get all that is held about oneself',
  description: 'Of each list the newest 10000 rows. No hash and no secret is in it.',
  request: {},
  answers: answers(personalDataSchema, { errors: [401, 403, 503] }),
  async handle(c) {
    const data = await c.env.service.exportPersonalData(actorOf(c))
    return data.ok ? answer(c, spellPersonalData(data.value)) : refused(c, data.failure)
  },
})

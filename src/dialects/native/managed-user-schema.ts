import { z } from '@hono/zod-openapi'
import type { UserWithRole } from '../../core/accounts/user.ts'
import { userState, userStates } from '../../core/accounts/user-state.ts'
import { profileFields, spellUser, username, userSchema } from './user-schemas.ts'

/** A user as administrators see them. */
export const managedUserSchema = userSchema
  .extend({
    role_id: z.uuid(),
    state: z.enum(userStates),
    must_reset_password: z.boolean(),
    disabled_at: z.iso.datetime().nullable(),
    deleted_at: z.iso.datetime().nullable(),
  })
  .openapi('ManagedUser')

export function spellManagedUser(found: UserWithRole): z.output<typeof managedUserSchema> {
  const { user, role } = found
  return {
    ...spellUser(found),
    role_id: role.id,
    state: userState(user),
    must_reset_password: user.mustResetPassword,
    disabled_at: user.disabledAt?.toISOString() ?? null,
    deleted_at: user.deletedAt?.toISOString() ?? null,
  }
}

const { metadata, ...texts } = profileFields

/** The same fields where they are changed: null empties one. */
export const profileChangeFields = {
  username: username.nullish(),
  name: texts.name.nullable(),
  surname: texts.surname.nullable(),
  phone: texts.phone.nullable(),
  locale: texts.locale.nullable(),
  avatar_url: texts.avatar_url.nullable(),
  metadata,
}

/** A change of a profile as `profileChangeFields` read it. */
export function readProfileChange(
  body: {
    readonly [K in keyof typeof profileChangeFields]?: z.output<(typeof profileChangeFields)[K]>
  },
) {
  const { username: called, name, surname, phone, locale, avatar_url: avatarUrl, metadata: noted } = body
  return { username: called, name, surname, phone, locale, avatarUrl, metadata: noted }
}

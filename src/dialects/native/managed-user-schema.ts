import { z } from '@hono/zod-openapi'
import type { UserWithRole } from '../../core/accounts/user.ts'
import { userState, userStates } from '../../core/accounts/user-state.ts'
import { spellUser, userSchema } from './user-schemas.ts'

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

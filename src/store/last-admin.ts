import { and, eq, isNotNull, isNull, ne } from 'drizzle-orm'
import { adminRoleName } from '../core/accounts/role.ts'
import { roles, users } from './accounts-schema.ts'
import type { Database } from './database.ts'

/**
 * Says whether a user is the only administrator who can sign in. Holds the role to the commit, so that of two who leave
 * at the same time the second one is told.
 */
export async function isLastAdmin(tx: Pick<Database, 'select'>, userId: string): Promise<boolean> {
  const [admin] = await tx
    .select({ id: roles.id })
    .from(roles)
    .innerJoin(users, eq(users.roleId, roles.id))
    .where(and(eq(roles.name, adminRoleName), eq(users.id, userId)))
    .for('no key update', { of: roles })
  if (admin === undefined) return false
  const [other] = await tx
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.roleId, admin.id),
        ne(users.id, userId),
        isNull(users.deletedAt),
        isNull(users.disabledAt),
        isNotNull(users.passwordHash),
      ),
    )
    .limit(1)
  return other === undefined
}

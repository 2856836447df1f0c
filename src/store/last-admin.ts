import { and, desc, eq, isNotNull, isNull, lte, or } from 'drizzle-orm'
import { adminRoleName } from '../core/accounts/role.ts'
import { roles, users } from './accounts-schema.ts'
import type { Database } from './database.ts'

/**
 * Says whether a user is the only administrator who can sign in at a moment; who is banned then cannot. Holds the role to the commit, so that of two who leave
 * at the same time the second one is told.
 */
export async function isLastAdmin(tx: Pick<Database, 'select'>, userId: string, at: Date): Promise<boolean> {
  const [admin] = await tx
    .select({ id: roles.id })
    .from(roles)
    .where(eq(roles.name, adminRoleName))
    .for('no key update')
  if (admin === undefined) return false
  const left = await tx
    .select({ id: users.id })
    .from(users)
    .where(
      and(
        eq(users.roleId, admin.id),
        isNull(users.disabledAt),
        isNull(users.deletedAt),
        or(isNull(users.bannedUntil), lte(users.bannedUntil, at)),
        isNotNull(users.passwordHash),
      ),
    )
    .orderBy(desc(eq(users.id, userId)))
    .limit(2)
  return left.length === 1 && left[0]?.id === userId
}

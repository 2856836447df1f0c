import { and, eq, isNull } from 'drizzle-orm'
import type { OwnAccountStore } from '../core/accounts/own-account-store.ts'
import { roles, users } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { roleOf } from './roles.ts'
import { isUniqueViolation } from './store-error.ts'
import { userOf } from './users.ts'

export function profileStore(db: Database): Pick<OwnAccountStore, 'updateProfile'> {
  return {
    async updateProfile(id, { name, surname, username, phone, locale, avatarUrl, metadata, at }) {
      // By name, so that whatever else comes with it is not written. Not a new version: nothing is judged by these.
      const fields = { name, surname, username, phone, locale, avatarUrl, metadata }
      const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
      const living = and(eq(users.id, id), isNull(users.deletedAt))
      try {
        if (Object.keys(set).length > 0)
          await db
            .update(users)
            .set({ ...set, updatedAt: at })
            .where(living)
      } catch (error) {
        if (isUniqueViolation(error)) return 'username_taken'
        throw error
      }
      const [row] = await db
        .select({ user: users, role: roles })
        .from(users)
        .innerJoin(roles, eq(roles.id, users.roleId))
        .where(living)
      return row && { user: userOf(row.user), role: roleOf(row.role) }
    },
  }
}

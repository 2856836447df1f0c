import { eq } from 'drizzle-orm'
import type { RoleStore } from '../core/accounts/account-store.ts'
import type { Role } from '../core/accounts/role.ts'
import { roles } from './accounts-schema.ts'
import type { Database } from './database.ts'

export type RoleRow = typeof roles.$inferSelect

export function roleStore(db: Database): RoleStore {
  return {
    async findRoleByName(name) {
      const [row] = await db.select().from(roles).where(eq(roles.name, name))
      return row && roleOf(row)
    },
  }
}

export function roleOf(row: RoleRow): Role {
  return row
}

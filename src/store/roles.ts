import { and, asc, eq, isNotNull, sql } from 'drizzle-orm'
import type { RoleStore } from '../core/accounts/account-store.ts'
import type { AdministrationStore } from '../core/accounts/administration-store.ts'
import { type Role, userRoleName } from '../core/accounts/role.ts'
import { roles, users } from './accounts-schema.ts'
import { announce } from './announcements.ts'
import { afterPosition } from './clients.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './store-error.ts'

export type RoleRow = typeof roles.$inferSelect

type RoleVerbs = RoleStore &
  Pick<AdministrationStore, 'findRole' | 'listRoles' | 'insertRole' | 'replaceRole' | 'deleteRole'>

export function roleStore(db: Database): RoleVerbs {
  return {
    async findRoleByName(name) {
      const [row] = await db.select().from(roles).where(eq(roles.name, name))
      return row && roleOf(row)
    },

    async findRole(id) {
      const [row] = await db.select().from(roles).where(eq(roles.id, id))
      return row && roleOf(row)
    },

    async listRoles({ limit, after }) {
      const rows = await db
        .select()
        .from(roles)
        .where(afterPosition(roles, after))
        .orderBy(asc(roles.createdAt), asc(roles.id))
        .limit(limit)
      return rows.map(roleOf)
    },

    async insertRole(role) {
      const added = await db.insert(roles).values(role).onConflictDoNothing().returning({ id: roles.id })
      return added.length === 1
    },

    async replaceRole(role) {
      try {
        return await db.transaction(async (tx) => {
          const written = await tx
            .update(roles)
            .set(role)
            .where(and(eq(roles.id, role.id), eq(roles.version, role.version - 1)))
            .returning({ id: roles.id })
          if (written.length === 0) return 'stale'
          await announce(tx, { type: 'role', id: role.id })
          return 'replaced'
        })
      } catch (error) {
        if (isUniqueViolation(error)) return 'name_taken'
        throw error
      }
    },

    deleteRole: ({ id, version }) =>
      db.transaction(async (tx) => {
        // Whoever gives this role to somebody waits for the end, and then finds no such role.
        const [held] = await tx
          .select({ id: roles.id })
          .from(roles)
          .where(and(eq(roles.id, id), eq(roles.version, version)))
          .for('update')
        if (held === undefined) return 'stale'
        const rest = tx.select({ id: roles.id }).from(roles).where(eq(roles.name, userRoleName))
        await tx
          .update(users)
          .set({ roleId: sql`(${rest})` })
          .where(and(eq(users.roleId, id), isNotNull(users.erasedAt)))
        const [owner] = await tx.select({ id: users.id }).from(users).where(eq(users.roleId, id)).limit(1)
        if (owner !== undefined) return 'in_use'
        await tx.delete(roles).where(eq(roles.id, id))
        return 'deleted'
      }),
  }
}

export function roleOf(row: RoleRow): Role {
  return row
}

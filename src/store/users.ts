import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Also, SignerName, UserStore } from '../core/accounts/account-store.ts'
import type { OneTimeToken } from '../core/accounts/one-time-token.ts'
import type { User, UserWithRole } from '../core/accounts/user.ts'
import { knownDevices, oneTimeTokens, roles, users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { roleOf } from './roles.ts'

export type UserRow = typeof users.$inferSelect

export function userStore(db: Database): UserStore {
  const findWhere = async (condition: SQL): Promise<UserWithRole | undefined> => {
    const [row] = await withRole(db).where(condition)
    return row && { user: userOf(row.user), role: roleOf(row.role) }
  }
  return {
    insertUser: (user, also) => db.transaction((tx) => insertUser(tx, user, also)),
    findUser: (id) => findWhere(eq(users.id, id)),
    findUserByEmail: (email) => findWhere(eq(users.email, email)),

    async findPerson(id) {
      const [row] = await db
        .select({
          id: users.id,
          role: {
            id: roles.id,
            name: roles.name,
            permissions: roles.permissions,
            secondFactorRequired: roles.secondFactorRequired,
          },
          disabledAt: users.disabledAt,
          deletedAt: users.deletedAt,
          notBefore: users.notBefore,
          version: users.version,
        })
        .from(users)
        .innerJoin(roles, eq(roles.id, users.roleId))
        .where(eq(users.id, id))
      return (
        row && {
          ...row,
          disabledAt: row.disabledAt ?? undefined,
          deletedAt: row.deletedAt ?? undefined,
          notBefore: row.notBefore ?? undefined,
        }
      )
    },

    async findSigner(identifier, device) {
      const [row] = await db
        .select({ user: users, role: roles, device: knownDevices.digest })
        .from(users)
        .innerJoin(roles, eq(roles.id, users.roleId))
        .leftJoin(knownDevices, and(eq(knownDevices.userId, users.id), eq(knownDevices.digest, device)))
        .where(isNamed(identifier))
      return row && { user: userOf(row.user), role: roleOf(row.role), deviceKnown: row.device !== null }
    },

    async rehashPassword(id, { from, to }) {
      // Not a new version: it is the same password.
      await db
        .update(users)
        .set({ passwordHash: to })
        .where(and(eq(users.id, id), eq(users.passwordHash, from)))
    },
  }
}

/** Users with their roles, to be narrowed by a condition. */
export function withRole(db: Pick<Database, 'select'>) {
  return db
    .select({ user: users, role: roles })
    .from(users)
    .innerJoin(roles, eq(roles.id, users.roleId))
    .$dynamic()
}

export function userOf(row: UserRow): User {
  return {
    ...row,
    username: row.username ?? undefined,
    passwordHash: row.passwordHash ?? undefined,
    name: row.name ?? undefined,
    surname: row.surname ?? undefined,
    phone: row.phone ?? undefined,
    locale: row.locale ?? undefined,
    avatarUrl: row.avatarUrl ?? undefined,
    emailConfirmedAt: row.emailConfirmedAt ?? undefined,
    disabledAt: row.disabledAt ?? undefined,
    deletedAt: row.deletedAt ?? undefined,
    erasedAt: row.erasedAt ?? undefined,
    notBefore: row.notBefore ?? undefined,
    passwordChangedAt: row.passwordChangedAt ?? undefined,
  }
}

async function insertUser(
  tx: Pick<Database, 'insert' | 'select' | 'execute'>,
  user: User,
  { token, ...also }: Also & { readonly token: OneTimeToken | undefined },
): ReturnType<UserStore['insertUser']> {
  // Waits for whoever is adding the same address or name, and then answers no row: one of them is the user's.
  const added = await tx.insert(users).values(user).onConflictDoNothing().returning({ id: users.id })
  if (added.length === 0) {
    const { username } = user
    const [namesake] =
      username === undefined
        ? []
        : await tx
            .select({ id: users.id })
            .from(users)
            .where(isNamed({ kind: 'username', username }))
    return namesake === undefined ? 'email_taken' : 'username_taken'
  }
  if (token !== undefined) await tx.insert(oneTimeTokens).values(token)
  await addAlso(tx, also)
  return 'inserted'
}

function isNamed(identifier: SignerName): SQL {
  return identifier.kind === 'email'
    ? eq(users.email, identifier.email)
    : sql`lower(${users.username}) = lower(${identifier.username})`
}

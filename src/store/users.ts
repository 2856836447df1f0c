import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { Registration, SignerName, UserStore } from '../core/accounts/account-store.ts'
import type { User, UserWithRole } from '../core/accounts/user.ts'
import { knownDevices, roles, users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { isAddressOfUserKept } from './kept-addresses.ts'
import { addOneTimeToken } from './one-time-tokens.ts'
import { roleOf } from './roles.ts'
import { addUserRows } from './user-rows.ts'

export type UserRow = typeof users.$inferSelect

export function userStore(db: Database): UserStore {
  const findWhere = async (condition: SQL): Promise<UserWithRole | undefined> => {
    const [row] = await withRole(db).where(condition)
    return row && { user: userOf(row.user), role: roleOf(row.role) }
  }
  return {
    insertUser: (registration) => db.transaction((tx) => insertUser(tx, registration)),
    findUser: (id) => findWhere(eq(users.id, id)),
    findUserByEmail: (email) => findWhere(eq(users.email, email)),
    findUserByPhone: (phone) => findWhere(eq(users.signInPhone, phone)),

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
          bannedUntil: users.bannedUntil,
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
          bannedUntil: row.bannedUntil ?? undefined,
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
    email: row.email ?? undefined,
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
    signInPhone: row.signInPhone ?? undefined,
    phoneConfirmedAt: row.phoneConfirmedAt ?? undefined,
    bannedUntil: row.bannedUntil ?? undefined,
    updatedAt: row.updatedAt ?? row.createdAt,
    lastSignInAt: row.lastSignInAt ?? undefined,
    invitedAt: row.invitedAt ?? undefined,
  }
}

async function insertUser(
  tx: Pick<Database, 'insert' | 'select' | 'delete' | 'execute'>,
  { user, token, event, mail, knownEvent, knownMail }: Registration,
): ReturnType<UserStore['insertUser']> {
  if (await isUsernameTaken(tx, user)) return 'username_taken'
  // Waits for whoever is adding the same address or name, and then answers no row: one of them is the user's.
  const added = await addUserRows(tx, [user], { clash: 'skips' })
  const kept = await isAddressOfUserKept(tx, user)
  if (added.size > 0 && kept) await tx.delete(users).where(eq(users.id, user.id))
  const isNew = added.size > 0 && !kept
  if (!isNew && (await isUsernameTaken(tx, user))) return 'username_taken'
  if (token !== undefined) await addOneTimeToken(tx, token)
  await addAlso(tx, { event: isNew ? event : knownEvent, mails: [isNew ? mail : knownMail] })
  if (isNew) return 'inserted'
  return user.email === undefined ? 'phone_taken' : 'email_taken'
}

/** Says whether somebody has the name of a user. */
export async function isUsernameTaken(tx: Pick<Database, 'select'>, { username }: User): Promise<boolean> {
  if (username === undefined) return false
  const named = isNamed({ kind: 'username', username })
  const [namesake] = await tx.select({ id: users.id }).from(users).where(named)
  return namesake !== undefined
}

function isNamed(identifier: SignerName): SQL {
  if (identifier.kind === 'id') return eq(users.id, identifier.id)
  if (identifier.kind === 'email') return eq(users.email, identifier.email)
  if (identifier.kind === 'phone') return eq(users.signInPhone, identifier.phone)
  return sql`lower(${users.username}) = lower(${identifier.username})`
}

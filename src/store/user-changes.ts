import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type {
  AdministrationStore,
  UserChange,
  UserChangeOutcome,
  UserStandingChange,
} from '../core/accounts/administration-store.ts'
import { adminRoleName } from '../core/accounts/role.ts'
import { roles, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import { announce } from './announcements.ts'
import { afterPosition } from './clients.ts'
import type { Database } from './database.ts'
import { clearFactors } from './factors.ts'
import { isAddressOfUserKept } from './kept-addresses.ts'
import { isLastAdmin } from './last-admin.ts'
import { addOneTimeToken, useOneTimeToken, voidOneTimeTokens, voidPasswordLinks } from './one-time-tokens.ts'
import { endPersonSessions } from './person-sessions.ts'
import { addRevocation } from './revocations.ts'
import { roleOf } from './roles.ts'
import { isUniqueViolation } from './store-error.ts'
import { addUserRows } from './user-rows.ts'
import { isUsernameTaken, userOf, withRole } from './users.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
type UserChanges = Pick<AdministrationStore, 'listUsers' | 'addUser' | 'changeUser' | 'acceptInvite'>

export function userChangeStore(db: Database): UserChanges {
  return {
    async listUsers({ limit, after }) {
      const rows = await withRole(db)
        .where(and(isNull(users.erasedAt), afterPosition(users, after)))
        .orderBy(asc(users.createdAt), asc(users.id))
        .limit(limit)
      return rows.map((row) => ({ user: userOf(row.user), role: roleOf(row.role) }))
    },

    addUser: (user, { roleVersion, token, ...also }) =>
      db.transaction(async (tx) => {
        if (!(await holdRole(tx, { id: user.roleId, version: roleVersion }))) return 'stale'
        if (await isUsernameTaken(tx, user)) return 'username_taken'
        const added = await addUserRows(tx, [user], { clash: 'skips' })
        if (added.size === 0) return (await isUsernameTaken(tx, user)) ? 'username_taken' : 'email_taken'
        if (await isAddressOfUserKept(tx, user)) {
          await tx.delete(users).where(eq(users.id, user.id))
          return 'email_kept'
        }
        if (token !== undefined) await addOneTimeToken(tx, token)
        await addAlso(tx, also)
        return 'added'
      }),

    async changeUser(change) {
      try {
        return await db.transaction((tx) => changeUser(tx, change))
      } catch (error) {
        // Of what is unique of a user only the name is ever changed by it.
        if (isUniqueViolation(error)) return { kind: 'username_taken' }
        throw error
      }
    },

    async acceptInvite({ id, userId, email }, { at, passwordHash, profile, ...also }) {
      try {
        if (email === undefined) return 'invalid'
        const outcome = await allOrNothing(db, async (tx) => {
          // The user first and the token then, as everywhere: who did it the other way round would wait for each other.
          const accepted = await tx
            .update(users)
            .set({
              ...profile,
              passwordHash,
              passwordChangedAt: at,
              emailConfirmedAt: at,
              updatedAt: at,
              version: sql`${users.version} + 1`,
            })
            .where(
              and(
                eq(users.id, userId),
                eq(users.email, email),
                isNull(users.passwordHash),
                isNull(users.disabledAt),
                isNull(users.deletedAt),
              ),
            )
            .returning({ id: users.id })
          if (accepted.length === 0 || !(await useOneTimeToken(tx, { id, at }))) return undefined
          await announce(tx, { type: 'user', id: userId })
          await addAlso(tx, also)
          return 'accepted'
        })
        return outcome ?? 'invalid'
      } catch (error) {
        // Nothing of it was written: the link is good for another name.
        if (isUniqueViolation(error)) return 'username_taken'
        throw error
      }
    },
  }
}

async function changeUser(
  tx: Transaction,
  { id, at, version, profile, standing, roleVersion, ending, clearsFactors, token, ...also }: UserChange,
): Promise<UserChangeOutcome> {
  const { roleId } = standing ?? {}
  if (roleId !== undefined && !(await holdRole(tx, { id: roleId, version: roleVersion ?? 0 }))) {
    return { kind: 'stale' }
  }
  if (standing !== undefined && (await endsAdministration(tx, id, standing))) return { kind: 'last_admin' }
  const written = await tx
    .update(users)
    .set({ ...profile, ...standing, updatedAt: at, ...(standing && { version: sql`${users.version} + 1` }) })
    .where(and(eq(users.id, id), eq(users.version, version)))
    .returning({ id: users.id })
  if (written.length === 0) return { kind: 'stale' }
  if (standing !== undefined) await announce(tx, { type: 'user', id })
  const revocations = ending === undefined ? [] : await endUser(tx, id, ending)
  if (clearsFactors === true) await clearFactors(tx, id)
  // Whoever has the old password may have asked for another address by it.
  if (standing?.mustResetPassword === true) await voidPasswordLinks(tx, id)
  if (token !== undefined) {
    await voidOneTimeTokens(tx, token)
    await addOneTimeToken(tx, token)
  }
  await addAlso(tx, also)
  return { kind: 'written', revocations }
}

/** Keeps a role as it was judged until the commit; false when it is no longer. */
async function holdRole(
  tx: Transaction,
  { id, version }: { readonly id: string; readonly version: number },
): Promise<boolean> {
  const held = await tx
    .select({ id: roles.id })
    .from(roles)
    .where(and(eq(roles.id, id), eq(roles.version, version)))
    .for('share')
  return held.length === 1
}

/** Says whether a change takes away the last one who can sign in as an administrator. */
async function endsAdministration(
  tx: Transaction,
  id: string,
  { roleId, disabledAt, deletedAt, bannedUntil }: UserStandingChange,
): Promise<boolean> {
  if ([disabledAt, deletedAt, bannedUntil].some((at) => at instanceof Date)) return isLastAdmin(tx, id)
  if (roleId === undefined) return false
  const [given] = await tx.select({ name: roles.name }).from(roles).where(eq(roles.id, roleId))
  return given?.name !== adminRoleName && isLastAdmin(tx, id)
}

async function endUser(
  tx: Transaction,
  userId: string,
  { now, user, session }: NonNullable<UserChange['ending']>,
) {
  const ended = await endPersonSessions(tx, { userId, scope: 'all', sessionId: userId, now }, session)
  if (user === undefined) return ended
  await voidOneTimeTokens(tx, { userId })
  await addRevocation(tx, user)
  return [user, ...ended]
}

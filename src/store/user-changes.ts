import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm'
import type {
  AdministrationStore,
  UserChange,
  UserChangeOutcome,
  UserStandingChange,
} from '../core/accounts/administration-store.ts'
import { adminRoleName } from '../core/accounts/role.ts'
import type { User } from '../core/accounts/user.ts'
import { accountRecords, recordOf } from './account-records.ts'
import { roles, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import { announce } from './announcements.ts'
import { afterPosition } from './clients.ts'
import type { Database } from './database.ts'
import { clearFactors } from './factors.ts'
import { isAddressKept, isAddressOfUserKept } from './kept-addresses.ts'
import { laidOver } from './laid-over.ts'
import { isLastAdmin } from './last-admin.ts'
import { addOneTimeToken, useOneTimeToken, voidOneTimeTokens, voidPasswordLinks } from './one-time-tokens.ts'
import { endPersonSessions } from './person-sessions.ts'
import { addRevocation } from './revocations.ts'
import { roleOf } from './roles.ts'
import { isUniqueViolation, violatedIndex } from './store-error.ts'
import { addUserRows } from './user-rows.ts'
import { isUsernameTaken, userOf, withRole } from './users.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]
type UserChanges = Pick<
  AdministrationStore,
  'listUsers' | 'pageAccounts' | 'addUser' | 'changeUser' | 'acceptInvite'
>

export function userChangeStore(db: Database): UserChanges {
  return {
    async listUsers({ limit, after }) {
      const rows = await withRole(db)
        .where(and(isNull(users.erasedAt), afterPosition(users, after)))
        .orderBy(asc(users.createdAt), asc(users.id))
        .limit(limit)
      return rows.map((row) => ({ user: userOf(row.user), role: roleOf(row.role) }))
    },

    async pageAccounts({ offset, limit, emailPart, order }) {
      const asked = and(
        isNull(users.erasedAt),
        emailPart === undefined ? undefined : sql`position(${emailPart} in ${users.email}) > 0`,
      )
      const by = order === 'newest' ? desc : asc
      const [rows, total] = await Promise.all([
        accountRecords(db)
          .where(asked)
          .orderBy(by(users.createdAt), by(users.id))
          .limit(limit)
          .offset(offset),
        db.$count(users, asked),
      ])
      return { records: rows.map(recordOf), total }
    },

    addUser: (user, { roleVersion, token, ...also }) =>
      db.transaction(async (tx) => {
        if (!(await holdRole(tx, { id: user.roleId, version: roleVersion }))) return 'stale'
        if (await isUsernameTaken(tx, user)) return 'username_taken'
        const added = await addUserRows(tx, [user], { clash: 'skips' })
        if (added.size === 0) return takenOf(tx, user)
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
        const outcome = await allOrNothing(db, (tx) => changeUser(tx, change))
        return outcome ?? { kind: 'email_taken' }
      } catch (error) {
        const index = violatedIndex(error)
        if (index === undefined) throw error
        return { kind: takenBy[index] ?? 'username_taken' }
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

/** What of a user is unique, by the index that says so. */
const takenBy: Readonly<Record<string, 'email_taken' | 'phone_taken' | 'username_taken'>> = {
  users_email_key: 'email_taken',
  users_sign_in_phone_key: 'phone_taken',
  users_username_key: 'username_taken',
}

/** What of a user who could not be added is another's. */
async function takenOf(
  tx: Transaction,
  user: User,
): Promise<'user_id_taken' | 'username_taken' | 'email_taken' | 'phone_taken'> {
  if (await isUsernameTaken(tx, user)) return 'username_taken'
  const { id, email = null, signInPhone = null } = user
  const others = await tx
    .select({ id: users.id, email: users.email, signInPhone: users.signInPhone })
    .from(users)
    .where(sql`${users.id} = ${id} or ${users.email} = ${email} or ${users.signInPhone} = ${signInPhone}`)
  if (others.some((other) => other.id === id)) return 'user_id_taken'
  return others.some((other) => other.email === email) || signInPhone === null ? 'email_taken' : 'phone_taken'
}

/** Undefined, for nothing to be written, where the new address is kept for somebody else. */
async function changeUser(tx: Transaction, change: UserChange): Promise<UserChangeOutcome | undefined> {
  const { id, standing, roleVersion, ending, clearsFactors } = change
  const { roleId, email } = standing ?? {}
  if (roleId !== undefined && !(await holdRole(tx, { id: roleId, version: roleVersion ?? 0 }))) {
    return { kind: 'stale' }
  }
  if (standing !== undefined && (await endsAdministration(tx, change, standing)))
    return { kind: 'last_admin' }
  if (!(await write(tx, change))) return { kind: 'stale' }
  if (standing !== undefined) await announce(tx, { type: 'user', id })
  if (email !== undefined) {
    if (await isAddressKept(tx, { email, forUserId: id, at: change.at ?? new Date(0) })) return undefined
    await voidOneTimeTokens(tx, { userId: id, but: ['email-undo'] })
  }
  const revocations = ending === undefined ? [] : await endUser(tx, id, ending)
  if (clearsFactors === true) await clearFactors(tx, id)
  // Whoever has the old password may have asked for another address by it.
  const endsPassword = standing?.mustResetPassword === true || standing?.passwordHash !== undefined
  if (endsPassword) await voidPasswordLinks(tx, id)
  await replaceTokens(tx, change)
  await addAlso(tx, change)
  return { kind: 'written', revocations }
}

async function write(
  tx: Transaction,
  { id, at, version, profile, standing, metadata, appMetadata }: UserChange,
): Promise<boolean> {
  const written = await tx
    .update(users)
    .set({
      ...profile,
      ...standing,
      ...(metadata && { metadata: laidOver(users.metadata, metadata) }),
      ...(appMetadata && { appMetadata: laidOver(users.appMetadata, appMetadata) }),
      updatedAt: at,
      ...(standing && { version: sql`${users.version} + 1` }),
    })
    .where(and(eq(users.id, id), eq(users.version, version)))
    .returning({ id: users.id })
  return written.length === 1
}

async function replaceTokens(
  tx: Transaction,
  { id: userId, token, tokens = [], voids = [] }: UserChange,
): Promise<void> {
  const added = token === undefined ? tokens : [token, ...tokens]
  const purposes = new Set([...voids, ...added.map(({ purpose }) => purpose)])
  for (const purpose of purposes) await voidOneTimeTokens(tx, { userId, purpose })
  for (const one of added) await addOneTimeToken(tx, one)
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
  { id, at = new Date(0) }: Pick<UserChange, 'id' | 'at'>,
  { roleId, disabledAt, deletedAt, bannedUntil }: UserStandingChange,
): Promise<boolean> {
  const isLast = () => isLastAdmin(tx, id, at)
  if ([disabledAt, deletedAt, bannedUntil].some((from) => from instanceof Date)) return isLast()
  if (roleId === undefined) return false
  const [given] = await tx.select({ name: roles.name }).from(roles).where(eq(roles.id, roleId))
  return given?.name !== adminRoleName && isLast()
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

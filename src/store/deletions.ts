import { and, asc, eq, inArray, isNotNull, isNull, lt, type SQL, sql } from 'drizzle-orm'
import type { OwnAccountStore, UserDeletion, UserErasure } from '../core/accounts/own-account-store.ts'
import type { Revocation } from '../core/tokens/revocations.ts'
import {
  factors,
  knownDevices,
  mailOutbox,
  oneTimeTokens,
  recoveryCodes,
  signInChallenges,
  signIns,
  users,
} from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import { insertion } from './audit-events.ts'
import type { Database } from './database.ts'
import { eraseProfiles } from './erased-profiles.ts'
import { identities } from './identities-schema.ts'
import { isLastAdmin } from './last-admin.ts'
import { voidOneTimeTokens } from './one-time-tokens.ts'
import { addRevocations } from './revocations.ts'
import { apiKeys, clients, keyQuotas, keyUsage, sessions } from './schema.ts'

type Transaction = Parameters<Parameters<typeof allOrNothing>[1]>[0]

export function deletionStore(
  db: Database,
): Pick<OwnAccountStore, 'deleteUser' | 'deleteForGood' | 'eraseUsers'> {
  return {
    deleteUser: (deletion) => allOrNothing(db, (tx) => deleteUser(tx, deletion)),
    deleteForGood: (deletion) => allOrNothing(db, (tx) => deleteForGood(tx, deletion)),
    eraseUsers: (erasure) => db.transaction((tx) => eraseUsers(tx, erasure)),
  }
}

async function deleteUser(
  tx: Transaction,
  { userId, from, at, revoke, freesContact = false, ...also }: UserDeletion,
): Promise<readonly Revocation[] | 'last_admin' | undefined> {
  if (await isLastAdmin(tx, userId, at)) return 'last_admin'
  const judged = from === undefined ? undefined : eq(users.passwordHash, from)
  const deleted = await tx
    .update(users)
    .set({ deletedAt: at, version: sql`${users.version} + 1`, ...(freesContact && noContact) })
    .where(and(eq(users.id, userId), isNull(users.deletedAt), judged))
    .returning({ id: users.id })
  if (deleted.length === 0) return undefined
  await tx
    .update(sessions)
    .set({ revokedAt: at })
    .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt)))
  await voidOneTimeTokens(tx, { userId })
  await tx.delete(signInChallenges).where(eq(signInChallenges.userId, userId))
  // The clients of the user need no word of it: their keys are judged with their owner.
  const revocations = [revoke({ kind: 'user', subject: userId })]
  await addRevocations(tx, revocations)
  await addAlso(tx, also)
  return revocations
}

async function deleteForGood(
  tx: Transaction,
  { erased, ...deletion }: Parameters<OwnAccountStore['deleteForGood']>[0],
): ReturnType<OwnAccountStore['deleteForGood']> {
  const { userId, at } = deletion
  const deleted = await deleteUser(tx, { ...deletion, from: undefined })
  if (deleted === 'last_admin') return deleted
  const erasable = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, userId), isNotNull(users.deletedAt), isNull(users.erasedAt)))
    .for('update')
  if (erasable.length === 0) return undefined
  await erase(tx, [userId], at)
  await tx.execute(insertion([erased]))
  return deleted ?? []
}

async function eraseUsers(
  tx: Transaction,
  { deletedBefore, at, limit, event }: UserErasure,
): Promise<readonly string[]> {
  // Whom another instance is erasing is left to it; whom an administrator is restoring, to him.
  const due = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(lt(users.deletedAt, deletedBefore), isNull(users.erasedAt)))
    .orderBy(asc(users.deletedAt))
    .limit(limit)
    .for('update', { skipLocked: true })
  const ids = due.map(({ id }) => id)
  if (ids.length === 0) return ids
  await erase(tx, ids, at)
  await tx.execute(insertion(ids.map(event)))
  return ids
}

async function erase(tx: Transaction, ids: readonly string[], at: Date): Promise<void> {
  await tx
    .update(users)
    .set(emptied(at))
    .where(inArray(users.id, [...ids]))
  for (const { userId, table } of belongings) await tx.delete(table).where(inArray(userId, [...ids]))
  await eraseProfiles(tx, ids, at)
  await tx
    .update(signIns)
    .set({ userId: null, address: null, userAgent: null, requestId: null })
    .where(inArray(signIns.userId, [...ids]))
  await eraseClients(tx, ids)
}

const noContact = { email: null, emailConfirmedAt: null, signInPhone: null, phoneConfirmedAt: null }

/** What is left: an id and some times. The address is none that anybody could have, and the name is free again. */
function emptied(at: Date) {
  return {
    email: sql`'erased:' || ${users.id}`,
    username: null,
    passwordHash: null,
    name: null,
    surname: null,
    phone: null,
    locale: null,
    avatarUrl: null,
    metadata: {},
    emailConfirmedAt: null,
    signInPhone: null,
    phoneConfirmedAt: null,
    appMetadata: {},
    lastSignInAt: null,
    invitedAt: null,
    erasedAt: at,
    version: sql`${users.version} + 1`,
  }
}

const belongings = [
  { table: oneTimeTokens, userId: oneTimeTokens.userId },
  { table: identities, userId: identities.userId },
  { table: factors, userId: factors.userId },
  { table: recoveryCodes, userId: recoveryCodes.userId },
  { table: signInChallenges, userId: signInChallenges.userId },
  { table: knownDevices, userId: knownDevices.userId },
  { table: sessions, userId: sessions.userId },
  { table: mailOutbox, userId: mailOutbox.userId },
] as const

/** Their names and notes are their owner's. */
async function eraseClients(tx: Transaction, ownerIds: readonly string[]): Promise<void> {
  const owned: SQL = inArray(
    apiKeys.clientId,
    tx
      .select({ id: clients.id })
      .from(clients)
      .where(inArray(clients.ownerId, [...ownerIds])),
  )
  const keys = tx.select({ id: apiKeys.id }).from(apiKeys).where(owned)
  await tx.delete(keyUsage).where(inArray(keyUsage.keyId, keys))
  await tx.delete(keyQuotas).where(inArray(keyQuotas.keyId, keys))
  await tx.delete(apiKeys).where(owned)
  await tx.delete(clients).where(inArray(clients.ownerId, [...ownerIds]))
}

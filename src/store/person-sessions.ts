import { and, desc, eq, gt, isNull, ne, sql } from 'drizzle-orm'
import type { PersonSessionOpening, PersonSessionStore } from '../core/accounts/account-store.ts'
import { knownDevices, roles, signIns, users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { addRevocations } from './revocations.ts'
import { roleOf } from './roles.ts'
import { sessions } from './schema.ts'
import { personSessionColumns, personSessionOf } from './session-rows.ts'
import { settleFailures } from './sign-in-failures.ts'
import { userOf } from './users.ts'

export function personSessionStore(db: Database): PersonSessionStore {
  return {
    openPersonSession: (opening) => db.transaction((tx) => open(tx, opening)),

    async findPersonSession(id) {
      const [row] = await db
        .select({ session: personSessionColumns, user: users, role: roles })
        .from(sessions)
        .innerJoin(users, eq(users.id, sessions.userId))
        .innerJoin(roles, eq(roles.id, users.roleId))
        .where(eq(sessions.id, id))
      return row && { session: personSessionOf(row.session), user: userOf(row.user), role: roleOf(row.role) }
    },

    async rotatePersonSession(id, { from, to, at, userVersion }) {
      const rotated = await db
        .update(sessions)
        .set({ previousRefreshDigest: sessions.refreshDigest, refreshDigest: to, lastUsedAt: at })
        .from(users)
        .where(
          and(
            eq(sessions.id, id),
            eq(sessions.refreshDigest, from),
            isNull(sessions.revokedAt),
            eq(users.id, sessions.userId),
            eq(users.version, userVersion),
          ),
        )
        .returning({ id: sessions.id })
      return rotated.length === 1
    },

    async listPersonSessions(userId, now) {
      const rows = await db
        .select(personSessionColumns)
        .from(sessions)
        .where(and(eq(sessions.userId, userId), isNull(sessions.revokedAt), gt(sessions.expiresAt, now)))
        .orderBy(desc(sessions.createdAt), desc(sessions.id))
      return rows.map(personSessionOf)
    },

    endPersonSessions: (which, revoke) => db.transaction((tx) => endPersonSessions(tx, which, revoke)),
  }
}

/** Ends the live sessions of a user within the transaction of what causes it. */
export async function endPersonSessions(
  tx: Pick<Database, 'update' | 'insert' | 'execute'>,
  { userId, scope, sessionId, now }: Parameters<PersonSessionStore['endPersonSessions']>[0],
  revoke: Parameters<PersonSessionStore['endPersonSessions']>[1],
): ReturnType<PersonSessionStore['endPersonSessions']> {
  const ended = await tx
    .update(sessions)
    .set({ revokedAt: now })
    .where(
      and(
        eq(sessions.userId, userId),
        isNull(sessions.revokedAt),
        gt(sessions.expiresAt, now),
        scope === 'session' ? eq(sessions.id, sessionId) : undefined,
        scope === 'others' ? ne(sessions.id, sessionId) : undefined,
      ),
    )
    .returning({ id: sessions.id })
  const revocations = ended.map(({ id }) => revoke(id))
  await addRevocations(tx, revocations)
  return revocations
}

async function open(
  tx: Pick<Database, 'select' | 'insert' | 'update' | 'delete' | 'execute'>,
  { session, userVersion, signIn, device, settled, ...also }: PersonSessionOpening,
): Promise<boolean> {
  // Held to the commit: a change of the user waits for the session, and then ends it.
  const [current] = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, session.userId), eq(users.version, userVersion)))
    .for('share')
  if (current === undefined) return false
  await tx.insert(sessions).values({
    ...session,
    permissions: session.permissions && [...session.permissions],
    audiences: session.audiences && [...session.audiences],
    amr: [...session.amr],
  })
  await tx.insert(signIns).values(signIn)
  if (device !== undefined) {
    await tx
      .insert(knownDevices)
      .values({ userId: session.userId, digest: device, lastSeenAt: session.createdAt })
      .onConflictDoUpdate({
        target: [knownDevices.userId, knownDevices.digest],
        set: { lastSeenAt: sql`excluded.last_seen_at` },
      })
  }
  await settleFailures(tx, settled)
  await addAlso(tx, also)
  return true
}

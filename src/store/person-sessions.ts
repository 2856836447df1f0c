import { and, desc, eq, gt, isNull, lt, ne } from 'drizzle-orm'
import type { PersonSessionOpening, PersonSessionStore } from '../core/accounts/account-store.ts'
import type { PersonSession, PersonSessionRotation } from '../core/tokens/session.ts'
import { knownDevices, roles, signIns, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { redeem } from './one-time-tokens.ts'
import { addRevocations } from './revocations.ts'
import { roleOf } from './roles.ts'
import { firstOfTurn } from './row-turns.ts'
import { sessions } from './schema.ts'
import { personSessionColumns, personSessionOf } from './session-rows.ts'
import { settleFailures } from './sign-in-failures.ts'
import { userOf } from './users.ts'

export function personSessionStore(db: Database): PersonSessionStore {
  const rotate = firstOfTurn(
    async ({ id, from, to, at, expiresAt, userVersion }: PersonSessionRotation & { readonly id: string }) => {
      const rotated = await db
        .update(sessions)
        .set({ previousRefreshDigest: sessions.refreshDigest, refreshDigest: to, lastUsedAt: at, expiresAt })
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
  )

  return {
    async openPersonSession(opening) {
      const opened = await allOrNothing(db, (tx) => open(tx, opening))
      return opened === true
    },

    async findPersonSession(id) {
      const [row] = await db
        .select({ session: personSessionColumns, user: users, role: roles })
        .from(sessions)
        .innerJoin(users, eq(users.id, sessions.userId))
        .innerJoin(roles, eq(roles.id, users.roleId))
        .where(eq(sessions.id, id))
      return row && { session: personSessionOf(row.session), user: userOf(row.user), role: roleOf(row.role) }
    },

    rotatePersonSession: (id, rotation) => rotate({ id, ...rotation }),

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
  { userId, scope, sessionId, below, now }: Parameters<PersonSessionStore['endPersonSessions']>[0],
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
        below === undefined ? undefined : lt(sessions.aal, below),
      ),
    )
    .returning({ id: sessions.id })
  const revocations = ended.map(({ id }) => revoke(id))
  await addRevocations(tx, revocations)
  return revocations
}

async function open(
  tx: Pick<Database, 'select' | 'insert' | 'update' | 'delete' | 'execute'>,
  {
    session,
    userVersion,
    redeems,
    signIn,
    device,
    newDeviceMail,
    settled,
    mails = [],
    ...also
  }: PersonSessionOpening,
): Promise<true | undefined> {
  // Held to the commit: a change of the user waits for the session, and then ends it.
  const [current] = await tx
    .update(users)
    .set({ lastSignInAt: session.createdAt })
    .where(and(eq(users.id, session.userId), eq(users.version, userVersion)))
    .returning({ id: users.id })
  if (current === undefined) return undefined
  const { userId, createdAt: at } = session
  if (redeems !== undefined && !(await redeem(tx, redeems, { userId, userVersion, at }))) return undefined
  await tx.insert(sessions).values({
    ...session,
    permissions: session.permissions && [...session.permissions],
    audiences: session.audiences && [...session.audiences],
    amr: [...session.amr],
    face: session.face === 'native' ? null : session.face,
  })
  await tx.insert(signIns).values(signIn)
  const isNews = device !== undefined && (await addDevice(tx, session, device))
  await settleFailures(tx, settled)
  await addAlso(tx, { ...also, mails: isNews ? [...mails, newDeviceMail()] : mails })
  return true
}

/** Knows a device from now on; true when it is new, and not the only one. */
async function addDevice(
  tx: Pick<Database, 'select' | 'insert' | 'update'>,
  { userId, createdAt: lastSeenAt }: PersonSession,
  digest: string,
): Promise<boolean> {
  const added = await tx
    .insert(knownDevices)
    .values({ userId, digest, lastSeenAt })
    .onConflictDoNothing()
    .returning({ digest: knownDevices.digest })
  const isThis = and(eq(knownDevices.userId, userId), eq(knownDevices.digest, digest))
  if (added.length === 0) {
    await tx.update(knownDevices).set({ lastSeenAt }).where(isThis)
    return false
  }
  const [other] = await tx
    .select({ digest: knownDevices.digest })
    .from(knownDevices)
    .where(and(eq(knownDevices.userId, userId), ne(knownDevices.digest, digest)))
    .limit(1)
  return other !== undefined
}

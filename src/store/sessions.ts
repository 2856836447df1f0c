import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { SessionStore } from '../core/ports.ts'
import type { SessionRotation } from '../core/tokens/session.ts'
import { keyOf } from './api-keys.ts'
import type { AuditEnd } from './audit-end.ts'
import { clientOf } from './clients.ts'
import type { Database } from './database.ts'
import { endSessionLate } from './end-session-late.ts'
import { lateSessionOpening, sessionOpening } from './open-sessions.ts'
import { addRevocation } from './revocations.ts'
import { firstOfTurn } from './row-turns.ts'
import { apiKeys, clients, sessions } from './schema.ts'
import { keySessionColumns, keySessionOf, sessionOf } from './session-rows.ts'
import { type HotPath, statementName } from './statement.ts'
import { sessionUse } from './use-sessions.ts'

export function sessionStore(
  db: Database,
  { hotPath, end }: { readonly hotPath: HotPath; readonly end: AuditEnd },
): SessionStore {
  const findById = db
    .select({ session: keySessionColumns, key: apiKeys, client: clients })
    .from(sessions)
    .innerJoin(apiKeys, eq(apiKeys.id, sessions.keyId))
    .innerJoin(clients, eq(clients.id, apiKeys.clientId))
    .where(eq(sessions.id, sql.placeholder('id')))
    .prepare(statementName(hotPath, 'find_session'))
  const rotate = firstOfTurn(
    async ({ id, from, to, at, keyVersion }: SessionRotation & { readonly id: string }) => {
      const rotated = await db
        .update(sessions)
        .set({ previousRefreshDigest: sessions.refreshDigest, refreshDigest: to, lastUsedAt: at })
        .from(apiKeys)
        .where(
          and(
            eq(sessions.id, id),
            eq(sessions.refreshDigest, from),
            isNull(sessions.revokedAt),
            eq(apiKeys.id, sessions.keyId),
            eq(apiKeys.version, keyVersion),
          ),
        )
        .returning({ id: sessions.id })
      return rotated.length === 1
    },
  )

  return {
    openSession: sessionOpening(db, { hotPath, end }),
    openSessionLate: lateSessionOpening(db, hotPath),
    endSessionLate: endSessionLate(db),
    useSession: sessionUse(db, hotPath),

    async findSession(id) {
      const [row] = await findById.execute({ id })
      return row && { session: keySessionOf(row.session), key: keyOf(row.key), client: clientOf(row.client) }
    },

    rotateSession: (id, rotation) => rotate({ id, ...rotation }),

    async listSessions({ clientId, keyId, limit, afterId }, now) {
      // Walks the primary key: the rare question pays, so that the table needs no index for it.
      const rows = await db
        .select({ session: keySessionColumns })
        .from(sessions)
        .innerJoin(clients, eq(clients.id, sessions.clientId))
        .innerJoin(apiKeys, eq(apiKeys.id, sessions.keyId))
        .where(
          and(
            gt(sessions.expiresAt, now),
            isNull(sessions.revokedAt),
            isNull(apiKeys.revokedAt),
            or(isNull(clients.notBefore), gt(sessions.createdAt, clients.notBefore)),
            clientId === undefined ? undefined : eq(sessions.clientId, clientId),
            keyId === undefined ? undefined : eq(sessions.keyId, keyId),
            afterId === undefined ? undefined : gt(sessions.id, afterId),
          ),
        )
        .orderBy(asc(sessions.id))
        .limit(limit)
      return rows.map((row) => keySessionOf(row.session))
    },

    endSession: (id, revocation) =>
      db.transaction(async (tx) => {
        const [row] = await tx
          .update(sessions)
          .set({
            revokedAt: sql`coalesce(${sessions.revokedAt}, ${revocation.cutoff.toISOString()}::timestamptz)`,
          })
          .where(eq(sessions.id, id))
          .returning()
        if (row === undefined) return undefined
        await addRevocation(tx, revocation)
        return sessionOf(row)
      }),
  }
}

import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { SessionStore } from '../core/ports.ts'
import type { Session } from '../core/tokens/session.ts'
import { keyOf } from './api-keys.ts'
import { clientOf } from './clients.ts'
import type { Database } from './database.ts'
import { addRevocation } from './revocations.ts'
import { apiKeys, clients, sessions } from './schema.ts'

type SessionRow = typeof sessions.$inferSelect

export function sessionStore(db: Database): SessionStore {
  return {
    async openSession(session, keyVersion) {
      const row = sessionRow(session)
      const opened = await db
        .insert(sessions)
        .select((builder) =>
          builder
            .select({
              id: sql`${row.id}::uuid`.as('id'),
              clientId: sql`${row.clientId}::uuid`.as('client_id'),
              keyId: apiKeys.id,
              refreshDigest: sql`${row.refreshDigest}::text`.as('refresh_digest'),
              previousRefreshDigest: sql`null::text`.as('previous_refresh_digest'),
              rotates: sql`${row.rotates}::boolean`.as('rotates'),
              permissions: sql`${textArray(row.permissions)}`.as('permissions'),
              audiences: sql`${textArray(row.audiences)}`.as('audiences'),
              accessTtlSeconds: sql`${row.accessTtlSeconds}::int`.as('access_ttl_seconds'),
              createdAt: sql`${row.createdAt.toISOString()}::timestamptz`.as('created_at'),
              expiresAt: sql`${row.expiresAt.toISOString()}::timestamptz`.as('expires_at'),
              lastUsedAt: sql`${row.lastUsedAt.toISOString()}::timestamptz`.as('last_used_at'),
              revokedAt: sql`null::timestamptz`.as('revoked_at'),
            })
            .from(apiKeys)
            .where(and(eq(apiKeys.id, row.keyId), eq(apiKeys.version, keyVersion))),
        )
        .returning({ id: sessions.id })
      return opened.length === 1
    },

    async useSession(id, at) {
      const [row] = await db
        .update(sessions)
        .set({ lastUsedAt: at })
        .from(apiKeys)
        .innerJoin(clients, eq(clients.id, apiKeys.clientId))
        .where(and(eq(sessions.id, id), eq(apiKeys.id, sessions.keyId)))
        .returning({ session: sessions, key: apiKeys, client: clients })
      return row && { session: sessionOf(row.session), key: keyOf(row.key), client: clientOf(row.client) }
    },

    async findSession(id) {
      const [row] = await db
        .select({ session: sessions, key: apiKeys, client: clients })
        .from(sessions)
        .innerJoin(apiKeys, eq(apiKeys.id, sessions.keyId))
        .innerJoin(clients, eq(clients.id, apiKeys.clientId))
        .where(eq(sessions.id, id))
      return row && { session: sessionOf(row.session), key: keyOf(row.key), client: clientOf(row.client) }
    },

    async rotateSession(id, { from, to, at, keyVersion }) {
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

    async listSessions({ clientId, keyId, limit, afterId }, now) {
      // Walks the primary key: the rare question pays, so that the table needs no index for it.
      const rows = await db
        .select({ session: sessions })
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
      return rows.map((row) => sessionOf(row.session))
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

function sessionOf(row: SessionRow): Session {
  return {
    ...row,
    previousRefreshDigest: row.previousRefreshDigest ?? undefined,
    permissions: row.permissions ?? undefined,
    audiences: row.audiences ?? undefined,
    accessTtlSeconds: row.accessTtlSeconds ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
  }
}

function sessionRow(session: Session) {
  return {
    ...session,
    permissions: session.permissions && [...session.permissions],
    audiences: session.audiences && [...session.audiences],
    accessTtlSeconds: session.accessTtlSeconds ?? null,
  }
}

function textArray(texts: readonly string[] | undefined) {
  if (texts === undefined) return sql`null::text[]`
  // As one JSON parameter: the drivers disagree on how an array is bound.
  return sql`(select coalesce(array_agg(value), '{}') from json_array_elements_text(${JSON.stringify(texts)}::json))`
}

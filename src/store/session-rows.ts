import { getTableColumns } from 'drizzle-orm'
import type { KeySession, PersonSession, Session } from '../core/tokens/session.ts'
import { sessions } from './schema.ts'

type SessionRow = typeof sessions.$inferSelect

const { userId, aal, amr, authenticatedAt, address, userAgent, face, ...forKeys } = getTableColumns(sessions)
const { clientId: _clientId, keyId: _keyId, ...shared } = forKeys

/** What a machine's session has: the others are null in it, and read by nobody. */
export const keySessionColumns = forKeys
/** What a person's session has. */
export const personSessionColumns = { ...shared, userId, aal, amr, authenticatedAt, address, userAgent, face }

export type KeySessionRow = Pick<SessionRow, keyof typeof keySessionColumns>
export type PersonSessionRow = Pick<SessionRow, keyof typeof personSessionColumns>

export function sessionOf(row: SessionRow): Session {
  return row.userId === null ? keySessionOf(row) : personSessionOf(row)
}

export function keySessionOf(row: KeySessionRow): KeySession {
  // Not null where there is no person: openings write them.
  return { ...lifeOf(row), clientId: row.clientId ?? '', keyId: row.keyId ?? '' }
}

export function personSessionOf(row: PersonSessionRow): PersonSession {
  return {
    ...lifeOf(row),
    // Not null where there is a person: openings write them.
    userId: row.userId ?? '',
    aal: row.aal === 2 ? 2 : 1,
    amr: row.amr ?? [],
    authenticatedAt: row.authenticatedAt ?? row.createdAt,
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
    face: row.face ?? 'native',
  }
}

function lifeOf(row: Pick<SessionRow, keyof typeof shared>) {
  return {
    id: row.id,
    refreshDigest: row.refreshDigest,
    previousRefreshDigest: row.previousRefreshDigest ?? undefined,
    rotates: row.rotates,
    permissions: row.permissions ?? undefined,
    audiences: row.audiences ?? undefined,
    accessTtlSeconds: row.accessTtlSeconds ?? undefined,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    lastUsedAt: row.lastUsedAt,
    revokedAt: row.revokedAt ?? undefined,
  }
}

import type { AuditEvent } from '../audit/event.ts'
import type { KeySession } from './session.ts'

/** A session that was opened while the database was away, and is to be written when it is back. */
export interface KeptSession {
  readonly session: KeySession
  /** What the access token permits that was handed out with it. */
  readonly permissions: readonly string[]
  /** Tells of the exchange. */
  readonly event: AuditEvent
}

/** How it ended: written as it was opened, or written as one that is over, since its key was no longer good. */
export type KeptOutcome = 'opened' | 'ended'

/** The sessions that wait in this process for the database, the oldest first. A process that is killed loses them. */
export interface KeptSessions {
  /** False when there is no room for one more. */
  readonly keep: (kept: KeptSession) => boolean
  readonly find: (sessionId: string) => KeptSession | undefined
  readonly all: () => readonly KeptSession[]
  /** Drops one that has been written. */
  readonly settle: (sessionId: string, outcome: KeptOutcome) => void
  readonly size: () => number
  /** How many there ever were, and how many of them were written in which way. */
  readonly counts: () => Readonly<Record<'kept' | KeptOutcome, number>>
}

/** So many wait at most, at about a kilobyte each. */
const KEPT_MAX = 10_000

export function createKeptSessions({ max = KEPT_MAX }: { readonly max?: number } = {}): KeptSessions {
  // A Map keeps the order in which its entries came.
  const waiting = new Map<string, KeptSession>()
  const counts = { kept: 0, opened: 0, ended: 0 }
  return {
    keep(kept) {
      if (waiting.size >= max) return false
      waiting.set(kept.session.id, kept)
      counts.kept++
      return true
    },
    find: (sessionId) => waiting.get(sessionId),
    all: () => [...waiting.values()],
    settle(sessionId, outcome) {
      // Two may have written it at once, which is one writing.
      if (waiting.delete(sessionId)) counts[outcome]++
    },
    size: () => waiting.size,
    counts: () => ({ ...counts }),
  }
}

/**
 * How long after its opening a session may still be written by the instance that keeps it. Until then its client has an
 * access token, by default; and one whose keeper was killed must not be told for ever to try again.
 */
const AWAITED_SECONDS = 3600

/**
 * Makes the id of such a session: its time and a sign of what it is, in a UUID of version 8 (RFC 9562 §5.8). So every
 * instance can tell a session that is not written yet from one that never was.
 */
export function keptSessionId(newId: string, now: Date): string {
  const time = now.getTime().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-8${newId.slice(15)}`
}

const KEPT_ID = /^([0-9a-f]{8})-([0-9a-f]{4})-8/

/** Says whether a session that is not in the store may yet come there. An id that nobody proved to be ours may be any. */
export function isAwaited(sessionId: string, now: Date): boolean {
  const [, high, low] = KEPT_ID.exec(sessionId) ?? []
  if (high === undefined || low === undefined) return false
  const openedMs = Number.parseInt(high + low, 16)
  // A time far ahead is of a clock that was wrong, or of an id that somebody made up and that would never be over.
  return Math.abs(now.getTime() - openedMs) < AWAITED_SECONDS * 1000
}

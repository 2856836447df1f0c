import { accessLifetimeMaxSeconds } from '../policy.ts'
import type { Delegate } from './access-claims.ts'
import type { Principal } from './verify.ts'

type Bearer = Pick<Principal, 'subject' | 'clientId' | 'keyId' | 'sessionId'>

/** What a revocation is aimed at: one token by `jti`, a session, all tokens of a key, of a client or of a person. */
export const revocationKinds = ['token', 'session', 'key', 'client', 'user'] as const
export type RevocationKind = (typeof revocationKinds)[number]

/** Ends all access tokens of a key, a client or a person that were issued up to the cut-off; of a session, all; or the one token. */
export interface Revocation {
  readonly kind: RevocationKind
  readonly subject: string
  /** Tokens of a key, a client or a person whose `iat` is at or before this second are dead. */
  readonly cutoff: Date
  readonly createdAt: Date
  /** From then on no token is left that it could concern. */
  readonly expiresAt: Date
}

/**
 * The live revocations of this process, small and in memory: verification asks nothing else. Keyed by identity and
 * never by a token's text, which has more than one spelling.
 */
export interface Revocations {
  readonly apply: (revocation: Revocation) => void
  /** The kind of revocation that ended this token, or undefined when it lives. */
  readonly concerning: (principal: Principal) => RevocationKind | undefined
  /** Says whether a session was ended by its own name. */
  readonly endsSession: (sessionId: string) => boolean
  /** Notes that all revocations up to `at` are known here. */
  readonly markSynced: (at: Date) => void
  /** When the set was last known to be complete, by the clock as it was then: a time to come after one that ran ahead. */
  readonly syncedAt: () => Date
  /** How long ago that was. Counted anew from when the clock is found to have stepped back. */
  readonly ageSeconds: (now: Date) => number
  /** Forgets those that no living token can meet any more. */
  readonly prune: (now: Date) => void
  readonly size: () => number
}

export function createRevocations(loadedAt: Date): Revocations {
  const live = new Map<string, { cutoffSeconds: number; expiresAtMs: number }>()
  let syncedAt = loadedAt
  let foundBackAt: Date | undefined
  const ends = (kind: RevocationKind, subject: string, issuedAt: number) => {
    const entry = live.get(`${kind}:${subject}`)
    return entry !== undefined && issuedAt <= entry.cutoffSeconds
  }
  // What was ended by its own name never comes back, so a token of it that was minted in the same moment is dead as well.
  const isOver = (kind: RevocationKind, subject: string) => live.has(`${kind}:${subject}`)
  const tokenIsOver = (tokenId: string) => isOver('token', tokenId)
  const endsOne = ({ subject, clientId, keyId, sessionId }: Bearer, issuedAt: number) => {
    if (isOver('session', sessionId)) return 'session'
    // A token that was narrowed for a client speaks for its person still.
    if (keyId === undefined && ends('user', subject, issuedAt)) return 'user'
    if (keyId !== undefined && ends('key', keyId, issuedAt)) return 'key'
    if (ends('client', clientId, issuedAt)) return 'client'
    // A token that was narrowed for another client speaks for its subject still.
    return subject !== clientId && ends('client', subject, issuedAt) ? 'client' : undefined
  }
  const endsDelegate = (delegate: Delegate | undefined, issuedAt: number): RevocationKind | undefined =>
    delegate && (endsOne(delegate, issuedAt) ?? endsDelegate(delegate.before, issuedAt))
  return {
    apply(revocation) {
      const name = `${revocation.kind}:${revocation.subject}`
      const known = live.get(name)
      live.set(name, {
        cutoffSeconds: Math.max(known?.cutoffSeconds ?? 0, Math.floor(revocation.cutoff.getTime() / 1000)),
        expiresAtMs: Math.max(known?.expiresAtMs ?? 0, revocation.expiresAt.getTime()),
      })
    },
    concerning(principal) {
      if (live.size === 0) return undefined
      const { tokenId, parentTokenIds, issuedAt } = principal
      if (tokenIsOver(tokenId) || parentTokenIds.some(tokenIsOver)) return 'token'
      return endsOne(principal, issuedAt) ?? endsDelegate(principal.delegate, issuedAt)
    },
    endsSession: (sessionId) => isOver('session', sessionId),
    markSynced(at) {
      // Also when the clock has stepped back: a time to come would hide how old our knowledge is.
      syncedAt = at
      foundBackAt = undefined
    },
    syncedAt: () => syncedAt,
    ageSeconds(now) {
      if (syncedAt <= now) return (now.getTime() - syncedAt.getTime()) / 1000
      // Else nobody would learn, for as long as the step was, that nothing is heard any more. What is read next still goes by
      // the time to come: all must be read again.
      if (foundBackAt === undefined || foundBackAt > now) foundBackAt = now
      return (now.getTime() - foundBackAt.getTime()) / 1000
    },
    prune(now) {
      for (const [name, { expiresAtMs }] of live) if (expiresAtMs <= now.getTime()) live.delete(name)
    },
    size: () => live.size,
  }
}

/** A revocation of now, which lives as long as the longest access token and the clocks' skew. */
export function revocationOf(
  subject: { readonly kind: RevocationKind; readonly subject: string },
  { now, clockSkewSeconds }: { readonly now: Date; readonly clockSkewSeconds: number },
): Revocation {
  const lifetimeMs = (accessLifetimeMaxSeconds + clockSkewSeconds) * 1000
  return { ...subject, cutoff: now, createdAt: now, expiresAt: new Date(now.getTime() + lifetimeMs) }
}

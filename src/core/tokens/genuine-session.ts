import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { admitApiKey } from '../keys/api-key.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { endSession } from './end.ts'
import { parseRefreshToken, type RefreshTokenText } from './refresh-token.ts'
import type { Session, SessionWithKey } from './session.ts'
import { isOver } from './session-lifetimes.ts'

/** Reads a refresh token without a database. What we never made is no guess: its tag tells. */
export function readRefreshToken(
  parts: ServiceParts,
  refreshToken: string,
  caller: Caller,
): Result<RefreshTokenText, Failure> {
  const { world, memory } = parts
  const guessing = memory.guessGuard.admit(world, caller.address, world.now())
  if (!guessing.ok) return guessing
  const token = parseRefreshToken(world, refreshToken)
  return token === undefined ? fail({ reason: 'refresh_token_invalid' }) : ok(token)
}

/** A wrong refresh token, counted: an address must not try on for ever. */
export async function countWrongToken(
  { world, memory }: ServiceParts,
  caller: Caller,
): Promise<Result<never, Failure>> {
  const counted = await memory.guessGuard.countWrong(world, caller.address, world.now())
  return counted.ok ? fail({ reason: 'refresh_token_invalid' }) : counted
}

/**
 * Where a refresh token stands in its session: it is the current one, the one before it whose successor nobody has
 * used yet, an older one, or it cannot be told.
 */
export type Standing = 'current' | 'previous' | 'spent' | 'unknown'

export function standingOf({ world }: ServiceParts, session: Session, refreshToken: string): Standing {
  const { refreshDigest, previousRefreshDigest: previous, rotates } = session
  const is = (digest: string) => world.vault.matches('refresh-token', refreshToken, digest)
  if (is(refreshDigest)) return 'current'
  if (previous !== undefined && is(previous)) return 'previous'
  // During a change of GUICHET_SECRET another instance may write under a secret that is not ours yet: that is no theft.
  const readable = [refreshDigest, previous ?? refreshDigest].every(world.vault.knows)
  return rotates && readable ? 'spent' : 'unknown'
}

/**
 * Ends a session of which a spent token was shown: two hold its tokens, and one is a thief (RFC 9700 §4.14.2).
 * Committed before the refusal is uttered, so that no error answer takes it back.
 */
export async function endStolenSession(
  parts: ServiceParts,
  { id, revokedAt }: Session,
): Promise<Result<never, Failure>> {
  if (revokedAt !== undefined) return fail({ reason: 'session_revoked', sessionId: id })
  await endSession(parts, id)
  return fail({ reason: 'refresh_token_reused', sessionId: id })
}

/** Says whether a session may bring a new access token at `now`. */
export function admitSession({ session, key, client }: SessionWithKey, now: Date): Result<void, Failure> {
  const cutOff = client.notBefore !== undefined && session.createdAt <= client.notBefore
  if (session.revokedAt !== undefined || cutOff)
    return fail({ reason: 'session_revoked', sessionId: session.id })
  const admitted = admitApiKey({ key, client }, now)
  if (!admitted.ok) return admitted
  if (isOver(session, now)) return fail({ reason: 'refresh_token_expired', sessionId: session.id })
  return ok(undefined)
}

import { admitUser } from '../accounts/admit-user.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { countWrongToken, endStolenSession, readRefreshToken, standingOf } from './genuine-session.ts'
import { mintPersonAccessToken, type PersonTokens } from './person-tokens.ts'
import { parseRefreshToken } from './refresh-token.ts'
import type { PersonSession, SessionWithUser } from './session.ts'
import { isOver, sessionEnds, sessionLifetimes } from './session-lifetimes.ts'

/**
 * Trades a person's refresh token for an access token and its successor. As where machines rotate: all who show one
 * token at once, and whoever never got the answer, get the same successor; a token older than that ends the session,
 * but for a moment where its face asks for patience.
 */
export async function refreshPerson(
  parts: ServiceParts,
  refreshToken: string,
  caller: Caller,
): Promise<Result<PersonTokens, Failure>> {
  const { world } = parts
  const token = readRefreshToken(parts, refreshToken, caller)
  if (!token.ok) return token
  return untilSettled(async () => {
    const now = world.now()
    const found = await world.store.findPersonSession(token.value.sessionId)
    if (found === undefined) return countWrongToken(parts, caller)
    const { session, user } = found
    const standing = standingOf(parts, session, refreshToken)
    const late =
      standing === 'spent' ? lateSuccessor(parts, session, { token: refreshToken, now }) : undefined
    if (standing === 'spent' && late === undefined) {
      // Raised in the moment before, while another tab was refreshing: no token of before leads on, and none is a theft.
      if (isPatient(parts, session, now)) return fail({ reason: 'refresh_token_invalid' })
      return endStolenSession(parts, session)
    }
    if (standing === 'unknown') return fail({ reason: 'refresh_token_invalid' })
    const admitted = admitPersonSession(found, now)
    if (!admitted.ok) return admitted
    const successor = late ?? token.value.successor()
    const lifetimes = sessionLifetimes(parts.policy, session.face)
    const slides = lifetimes.slides && standing === 'current'
    const expiresAt = slides ? sessionEnds(now, lifetimes) : session.expiresAt
    if (standing === 'current') {
      const to = world.vault.digest('refresh-token', successor)
      const rotation = { from: session.refreshDigest, to, at: now, expiresAt, userVersion: user.version }
      if (!(await world.store.rotatePersonSession(session.id, rotation))) return changed
    }
    const minted = await mintPersonAccessToken(parts, found, { tokenId: world.newId(), now })
    return ok({ ...minted, refresh: successor, refreshExpiresAt: expiresAt, userId: user.id })
  })
}

/** The most steps that are walked from a token that was late. */
const LATE_STEPS_MAX = 32

/**
 * The current refresh token, for the holder of one that was replaced more than once in the moment before: several tabs
 * of one browser refresh at once, and not all of them hear of it. Undefined where the face has no patience, or it is over.
 */
function lateSuccessor(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  session: PersonSession,
  { token, now }: { readonly token: string; readonly now: Date },
): string | undefined {
  if (!isPatient({ policy }, session, now)) return undefined
  let text: string | undefined = token
  for (let step = 0; step < LATE_STEPS_MAX && text !== undefined; step++) {
    text = parseRefreshToken(world, text)?.successor()
    if (text !== undefined && world.vault.matches('refresh-token', text, session.refreshDigest)) return text
  }
  return undefined
}

/** Whether a session was used so lately that its face lets an older token pass. */
function isPatient(
  { policy }: Pick<ServiceParts, 'policy'>,
  { face, lastUsedAt, revokedAt }: PersonSession,
  now: Date,
): boolean {
  const patienceMs = face === 'supabase' ? policy.supabase.reuseIntervalSeconds * 1000 : 0
  // Without its sign: one that was used under a clock that ran ahead is no newer for years.
  return revokedAt === undefined && Math.abs(now.getTime() - lastUsedAt.getTime()) < patienceMs
}

/** Says whether a person's session may bring a new access token at `now`. */
export function admitPersonSession(
  { session, user }: Pick<SessionWithUser, 'session' | 'user'>,
  now: Date,
): Result<void, Failure> {
  const cutOff = user.notBefore !== undefined && session.createdAt <= user.notBefore
  if (session.revokedAt !== undefined || cutOff) {
    return fail({ reason: 'session_revoked', sessionId: session.id })
  }
  const admitted = admitUser(user, now)
  if (!admitted.ok) return admitted
  if (isOver(session, now)) return fail({ reason: 'refresh_token_expired', sessionId: session.id })
  return ok(undefined)
}

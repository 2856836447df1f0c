import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, effectivePermissions } from '../keys/api-key.ts'
import { findKeySession } from '../keys/owned-key.ts'
import { type MeterReading, meterCall } from '../limits/meter.ts'
import { intersect } from '../permissions.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type ClientCredentials, findAuthenticClient } from './authenticate.ts'
import { admitAddress } from './exchange.ts'
import {
  admitSession,
  countWrongToken,
  endStolenSession,
  readRefreshToken,
  standingOf,
} from './genuine-session.ts'
import { admitNarrowing, type Narrowing } from './narrowing.ts'
import type { RefreshTokenText } from './refresh-token.ts'
import type { SessionWithKey } from './session.ts'
import { type AccessToken, mintSessionAccessToken } from './session-tokens.ts'
import { notYetWritten, writeBackFirst } from './write-back.ts'

export interface RefreshedToken extends AccessToken {
  readonly key: ApiKey
  readonly meter: MeterReading
}

/** Trades a refresh token for a new access token with the permissions of today. The refresh token stays as it is. */
export async function refresh(
  parts: ServiceParts,
  refreshToken: string,
  caller: Caller,
): Promise<Result<RefreshedToken, Failure>> {
  const { world, memory } = parts
  const now = world.now()
  const token = readRefreshToken(parts, refreshToken, caller)
  if (!token.ok) return token
  const { sessionId } = token.value
  await writeBackFirst(parts, sessionId)
  const found = await useSession(parts, sessionId, now)
  if (found === undefined) {
    return notYetWritten(parts, sessionId, now) ?? countWrongToken(parts, caller)
  }
  const standing = standingOf(parts, found.session, refreshToken)
  if (standing === 'spent') return endStolenSession(parts, found.session)
  // This answer has no room for a successor, so it cannot serve a session that rotates.
  if (standing !== 'current' || found.session.rotates) return fail({ reason: 'refresh_token_invalid' })
  const admitted = admitSession(found, now)
  if (!admitted.ok) return admitted
  const placed = admitAddress(world, found, caller)
  if (!placed.ok) return placed
  const metered = await meterCall(world, found.key, now)
  if (!metered.ok) return metered
  const minted = await mintSessionAccessToken(parts, found, { tokenId: world.newId(), now })
  memory.usage.note(found.key.id, caller, now)
  return ok({ ...minted, key: found.key, meter: metered.value })
}

/** Marks a session used, and answers it with its key and client as they are in the store. */
async function useSession(
  { world, memory }: ServiceParts,
  sessionId: string,
  now: Date,
): Promise<SessionWithKey | undefined> {
  const used = await world.store.useSession(sessionId, now)
  if (used === undefined) return undefined
  const { session, keyVersion, notBefore } = used
  const named = { id: session.keyId, version: keyVersion }
  const found = await memory.directory.findVersion(world.store, named, now)
  return found && { session, key: found.key, client: { ...found.client, notBefore } }
}

export interface RotationRequest {
  readonly refreshToken: string
  readonly credentials: ClientCredentials
  /** For the access token alone: its successors may again have all that the session holds. */
  readonly narrowing: Narrowing
}

export interface RotatedTokens extends RefreshedToken {
  /** Undefined when the session does not rotate: the token that was presented stays good. */
  readonly refresh: string | undefined
}

/**
 * Trades a refresh token, shown by its own client, for an access token and its successor. All who show one token at
 * once, and whoever never got the answer, get the same successor; a token older than that ends the session.
 */
export async function rotate(
  parts: ServiceParts,
  request: RotationRequest,
  caller: Caller,
): Promise<Result<RotatedTokens, Failure>> {
  const { world, memory } = parts
  const asker = await findAuthenticClient(parts, request.credentials, caller)
  if (!asker.ok) return asker
  const token = readRefreshToken(parts, request.refreshToken, caller)
  if (!token.ok) return token
  const { sessionId } = token.value
  await writeBackFirst(parts, sessionId)
  let meter: MeterReading | undefined
  return untilSettled(async () => {
    const now = world.now()
    const found = await findKeySession(parts, sessionId, now)
    const unwritten = found === undefined ? notYetWritten(parts, sessionId, now) : undefined
    if (unwritten !== undefined) return unwritten
    if (found === undefined || found.client.id !== asker.value.client.id) {
      return fail({ reason: 'refresh_token_invalid' })
    }
    const standing = standingOf(parts, found.session, request.refreshToken)
    if (standing === 'spent') return endStolenSession(parts, found.session)
    if (standing === 'unknown') return fail({ reason: 'refresh_token_invalid' })
    const admitted = admitSession(found, now)
    if (!admitted.ok) {
      // Shown by another key of its client: that one is good, and it is the token that is not.
      return found.key.id === asker.value.key.id ? admitted : endedWith(found)
    }
    const narrowed = narrowSession(parts, found, request.narrowing)
    if (!narrowed.ok) return narrowed
    const placed = admitAddress(world, found, caller)
    if (!placed.ok) return placed
    if (meter === undefined) {
      const metered = await meterCall(world, found.key, now)
      if (!metered.ok) return metered
      meter = metered.value
    }
    if (standing === 'current' && !(await settle(parts, found, { token: token.value, now }))) return changed
    const minted = await mintSessionAccessToken(parts, narrowed.value, { tokenId: world.newId(), now })
    memory.usage.note(found.key.id, caller, now)
    const refresh = found.session.rotates ? token.value.successor() : undefined
    return ok({ ...minted, refresh, key: found.key, meter })
  })
}

function endedWith({ session }: SessionWithKey): Result<never, Failure> {
  return fail({ reason: 'session_revoked', sessionId: session.id })
}

/** Writes that a current token was used; false when somebody else has done so since it was judged. */
async function settle(
  { world }: ServiceParts,
  { session, key }: SessionWithKey,
  { token, now }: { readonly token: RefreshTokenText; readonly now: Date },
): Promise<boolean> {
  if (!session.rotates) return (await world.store.useSession(session.id, now)) !== undefined
  return world.store.rotateSession(session.id, {
    from: session.refreshDigest,
    to: world.vault.digest('refresh-token', token.successor()),
    at: now,
    keyVersion: key.version,
  })
}

/** The session as its next access token sees it: within what the session holds, never beyond (RFC 6749 §6). */
function narrowSession(
  { policy }: ServiceParts,
  found: SessionWithKey,
  wish: Narrowing,
): Result<SessionWithKey, Failure> {
  const { session } = found
  const held = effectivePermissions(found)
  const within = session.permissions === undefined ? held : intersect(held, session.permissions)
  const audiences = session.audiences ?? policy.audiences
  const admitted = admitNarrowing(wish, { permissions: within, audiences, policy })
  if (!admitted.ok) return admitted
  return ok({
    ...found,
    session: {
      ...session,
      permissions: wish.permissions ?? session.permissions,
      audiences: wish.audiences ?? session.audiences,
    },
  })
}

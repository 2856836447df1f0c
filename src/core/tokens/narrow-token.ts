import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { type ApiKey, effectivePermissions, endOfKey } from '../keys/api-key.ts'
import { type MeterReading, meterCall } from '../limits/meter.ts'
import { intersect } from '../permissions.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Delegate } from './access-claims.ts'
import { findLiveToken, type LiveToken } from './admit-call.ts'
import { type ClientCredentials, findAuthenticClient } from './authenticate.ts'
import { admitAddress } from './exchange.ts'
import { handOut } from './hand-out.ts'
import { admitNarrowing, type Narrowing } from './narrowing.ts'
import type { AccessToken } from './session-tokens.ts'

/** How many tokens one may descend from: the chain travels in every token, and is looked up at every call. */
const ANCESTORS_MAX = 8

export interface NarrowTokenRequest {
  readonly credentials: ClientCredentials
  readonly subjectToken: string
  readonly actorToken: string | undefined
  readonly narrowing: Narrowing
}

export interface NarrowedToken extends AccessToken {
  /** The key of the client that asked. */
  readonly key: ApiKey
  readonly meter: MeterReading
}

/**
 * Trades an access token for one that may do less (RFC 8693). It speaks for the same subject, lives no longer, and ends
 * with the token, session, key or client that it comes from, as with those of the actor.
 */
export async function narrowToken(
  parts: ServiceParts,
  request: NarrowTokenRequest,
  caller: Caller,
): Promise<Result<NarrowedToken, Failure>> {
  const { world, policy, memory } = parts
  const asker = await findAuthenticClient(parts, request.credentials, caller)
  if (!asker.ok) return asker
  const now = world.now()
  const subject = await findPresented(parts, { name: 'subject_token', text: request.subjectToken, now })
  if (!subject.ok) return subject
  const actor =
    request.actorToken === undefined
      ? ok(undefined)
      : await findPresented(parts, { name: 'actor_token', text: request.actorToken, now })
  if (!actor.ok) return actor
  for (const shown of [subject.value, actor.value]) {
    const placed = shown?.key && admitAddress(world, shown, caller)
    if (placed?.ok === false) return placed
  }
  const { principal } = subject.value
  const permissions = permissionsOf(subject.value)
  const { audiences } = principal
  const narrowing = admitNarrowing(request.narrowing, { permissions, audiences, policy })
  if (!narrowing.ok) return narrowing
  const parentTokenIds = ancestorsOf(subject.value, actor.value)
  if (parentTokenIds.length > ANCESTORS_MAX) {
    return fail({ reason: 'delegation_too_deep', maxDepth: ANCESTORS_MAX })
  }
  const metered = await meterCall(world, asker.value.key, now)
  if (!metered.ok) return metered

  const granted = request.narrowing.permissions ?? permissions
  const expiresAt = endOf(parts, [subject.value, ...(actor.value ? [actor.value] : [])], now)
  const tokenId = world.newId()
  const access = await handOut(
    parts,
    {
      ...principal,
      issuer: policy.issuer,
      // What is narrowed is of our own kind, whatever it came from.
      face: undefined,
      clientId: asker.value.client.id,
      audiences: request.narrowing.audiences ?? audiences,
      tokenId,
      permissions: granted,
      parentTokenIds,
      delegate: delegateOf(subject.value, actor.value),
      // As old as its parents: a cut-off that concerns them concerns it, wherever it is heard of first.
      issuedAt: Math.min(principal.issuedAt, actor.value?.principal.issuedAt ?? principal.issuedAt),
      expiresAt,
    },
    now,
  )
  memory.usage.note(asker.value.key.id, caller, now)
  return ok({
    access,
    accessExpiresAt: new Date(expiresAt * 1000),
    permissions: granted,
    sessionId: principal.sessionId,
    tokenId,
    key: asker.value.key,
    meter: metered.value,
  })
}

/** What a live token permits today. Of a person's that has been asked already. */
function permissionsOf(live: LiveToken): readonly string[] {
  const { permissions } = live.principal
  return live.key === undefined ? permissions : intersect(effectivePermissions(live), permissions)
}

/** The token that a parameter holds, for whichever of our audiences it was made. */
async function findPresented(
  parts: ServiceParts,
  { name, text, now }: { readonly name: string; readonly text: string; readonly now: Date },
): Promise<Result<LiveToken, Failure>> {
  const live = await findLiveToken(parts, text, { now, audiences: parts.policy.audiences })
  if (!live.ok && live.failure.reason === 'revocations_stale') return live
  // Without the clocks' tolerance: what lives on it alone has no time to pass on.
  if (live.ok && live.value.principal.expiresAt * 1000 > now.getTime()) return live
  const cause = live.ok ? 'access_token_expired' : live.failure.reason
  return fail({ reason: 'presented_token_invalid', parameter: name, cause })
}

function ancestorsOf(subject: LiveToken, actor: LiveToken | undefined): readonly string[] {
  const shown = [subject, ...(actor ? [actor] : [])]
  const ids = shown.flatMap(({ principal }) => [principal.tokenId, ...principal.parentTokenIds])
  return [...new Set(ids)]
}

/** The actor outside, whoever acted for the subject before within (RFC 8693 §4.1). */
function delegateOf(
  { principal: { delegate: before } }: LiveToken,
  actor: LiveToken | undefined,
): Delegate | undefined {
  if (actor === undefined) return before
  const { subject, clientId, keyId, sessionId } = actor.principal
  return { subject, clientId, keyId, sessionId, before }
}

/** In seconds since 1970: before all that it comes from ends. */
function endOf({ policy }: ServiceParts, sources: readonly LiveToken[], now: Date): number {
  const ends = sources.flatMap(({ principal, key }) => {
    const keyEnd = key && endOfKey(key)
    return [principal.expiresAt, ...(keyEnd ? [Math.floor(keyEnd.getTime() / 1000)] : [])]
  })
  return Math.min(Math.floor(now.getTime() / 1000) + policy.accessTtlSeconds, ...ends)
}

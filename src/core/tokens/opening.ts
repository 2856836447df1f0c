import { type AuditEvent, auditEvent } from '../audit/event.ts'
import { tokensTold } from '../audit/told.ts'
import type { Caller } from '../caller.ts'
import { after, type Eventually } from '../eventually.ts'
import { traced } from '../explain/trace.ts'
import type { Failure } from '../failure.ts'
import { effectivePermissions, endOfKey, type KeyWithClient } from '../keys/api-key.ts'
import type { MeterReading } from '../limits/meter.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { ExchangeRequest, TokenPair } from './exchange.ts'
import { keptSessionId } from './kept-sessions.ts'
import { admitNarrowing } from './narrowing.ts'
import { mintRefreshToken } from './refresh-token.ts'
import type { KeySession } from './session.ts'
import { mintSessionAccessToken } from './session-tokens.ts'

/** What an exchange opens, of a key that was found good at `now`. */
export interface Opening {
  readonly found: KeyWithClient
  readonly session: KeySession
  readonly refresh: string
  readonly tokenId: string
  /** Tells of the exchange. */
  readonly event: AuditEvent
  /** True where it is opened from memory, since the database is away. */
  readonly degraded: boolean
  readonly now: Date
}

interface Wanted {
  readonly found: KeyWithClient
  readonly request: Omit<ExchangeRequest, 'apiKey'>
  readonly caller: Caller
  readonly degraded: boolean
}

/** Draws up what an exchange is to open, as narrow as was asked for. */
export function planOpening(
  parts: ServiceParts,
  { found, request, caller, degraded }: Wanted,
  now: Date,
): Result<Opening, Failure> {
  const { world, policy } = parts
  const { key, client } = found
  const narrowing = traced(
    parts,
    'narrowing',
    admitNarrowing(request.narrowing, {
      permissions: effectivePermissions(found),
      audiences: policy.audiences,
      policy,
    }),
  )
  if (!narrowing.ok) return narrowing
  const id = degraded ? keptSessionId(world.newId(), now) : world.newId()
  const refresh = mintRefreshToken(world, id)
  const session: KeySession = {
    id,
    clientId: client.id,
    keyId: key.id,
    refreshDigest: world.vault.digest('refresh-token', refresh),
    previousRefreshDigest: undefined,
    rotates: request.rotates,
    ...narrowing.value,
    createdAt: now,
    expiresAt: sessionEnd(now, { ttlSeconds: policy.refreshTtlSeconds, keyEndsAt: endOfKey(key) }),
    lastUsedAt: now,
    revokedAt: undefined,
  }
  const tokenId = world.newId()
  const told = tokensTold('exchange', { key, sessionId: id, tokenId })
  const draft = degraded ? { ...told, details: { ...told.details, degraded } } : told
  return ok({ found, session, refresh, tokenId, event: auditEvent(world, draft, caller), degraded, now })
}

/** The tokens of what has been opened. */
export function mintPair(
  parts: ServiceParts,
  { found, session, refresh, tokenId, degraded, now }: Opening,
  { caller, meter }: { readonly caller: Caller; readonly meter: MeterReading },
): Eventually<TokenPair> {
  const { key, client } = found
  const minted = mintSessionAccessToken(parts, { session, key, client }, { tokenId, now })
  return after(minted, (token) => {
    parts.memory.usage.note(key.id, caller, now)
    return { ...token, refresh, refreshExpiresAt: session.expiresAt, key, meter, degraded }
  })
}

/** Whole seconds, so that what is said on the wire is what is kept. */
function sessionEnd(
  now: Date,
  { ttlSeconds, keyEndsAt }: { readonly ttlSeconds: number; readonly keyEndsAt: Date | undefined },
): Date {
  const end = Math.floor(now.getTime() / 1000) + ttlSeconds
  const keyEnd = keyEndsAt === undefined ? Infinity : Math.floor(keyEndsAt.getTime() / 1000)
  return new Date(Math.min(end, keyEnd) * 1000)
}

import { parseScope } from '../permissions.ts'
import { accessLifetimeMaxSeconds } from '../policy.ts'

/** What an access token says (RFC 9068 §2.2), with the API key beside it so that a key can be followed to its tokens. */
export interface AccessTokenClaims {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly clientId: string
  readonly keyId: string
  readonly sessionId: string
  readonly tokenId: string
  readonly permissions: readonly string[]
  /** The `jti` of each token that this one was narrowed from or acts by: it ends with any of them. */
  readonly parentTokenIds: readonly string[]
  /** Who acts for the subject; undefined when the subject acts itself. */
  readonly delegate: Delegate | undefined
  /** Whole seconds since 1970. */
  readonly issuedAt: number
  /** Whole seconds since 1970. */
  readonly expiresAt: number
}

/** Who acts for a token's subject (RFC 8693 §4.1), by which session of which key, and for whom before. */
export interface Delegate {
  readonly subject: string
  readonly clientId: string
  readonly keyId: string
  readonly sessionId: string
  readonly before: Delegate | undefined
}

/** The longest access token that is looked at, in characters. */
export const accessTokenMaxLength = 8192

/** The claims that every access token of ours has beside its issuer and audience. */
export const requiredAccessClaims = ['exp', 'iat', 'sub', 'jti', 'sid', 'client_id', 'key_id', 'scope']

/** Reads a payload of ours; undefined when a claim is not what it must be. `latestNow` is in seconds, its tolerance added. */
export function parseAccessClaims(
  payload: Readonly<Record<string, unknown>>,
  latestNow: number,
): AccessTokenClaims | undefined {
  const { iss, sub, aud, jti, iat, exp, sid, client_id, key_id, scope, act, parents = [] } = payload
  const delegate = parseDelegate(act)
  if (
    typeof iss !== 'string' ||
    typeof sub !== 'string' ||
    typeof jti !== 'string' ||
    typeof sid !== 'string' ||
    typeof client_id !== 'string' ||
    typeof key_id !== 'string' ||
    typeof scope !== 'string' ||
    !isAudience(aud) ||
    !isTextList(parents) ||
    delegate === null ||
    !isLifetime(iat, exp, latestNow)
  ) {
    return undefined
  }
  return {
    issuer: iss,
    subject: sub,
    audiences: typeof aud === 'string' ? [aud] : aud,
    clientId: client_id,
    keyId: key_id,
    sessionId: sid,
    tokenId: jti,
    permissions: parseScope(scope),
    parentTokenIds: parents,
    delegate,
    issuedAt: iat as number,
    expiresAt: exp as number,
  }
}

/** Reads an `act` claim of ours; null when it is none. Absent, it reads as undefined. */
function parseDelegate(act: unknown): Delegate | undefined | null {
  if (act === undefined) return undefined
  if (typeof act !== 'object' || act === null) return null
  const { sub, client_id, key_id, sid, act: inner } = act as Record<string, unknown>
  const before = parseDelegate(inner)
  if (before === null || typeof sub !== 'string' || typeof client_id !== 'string') return null
  if (typeof key_id !== 'string' || typeof sid !== 'string') return null
  return { subject: sub, clientId: client_id, keyId: key_id, sessionId: sid, before }
}

function isAudience(aud: unknown): aud is string | string[] {
  return typeof aud === 'string' || isTextList(aud)
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string')
}

/**
 * No token of ours lives longer than a day, whatever it claims: jose takes an `exp` of 1e400. Bounded from now as well
 * as from `iat`: a token that was minted under a wrong clock must not live for years.
 */
function isLifetime(iat: unknown, exp: unknown, latestNow: number): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number' || !Number.isFinite(exp)) return false
  return exp > iat && exp - iat <= accessLifetimeMaxSeconds && exp - latestNow <= accessLifetimeMaxSeconds
}

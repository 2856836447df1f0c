import { parseScope } from '../permissions.ts'
import { accessLifetimeMaxSeconds } from '../policy.ts'

/**
 * What an access token says (RFC 9068 §2.2): of a machine with the API key beside it, so that a key can be followed to
 * its tokens; of a person with how they proved who they are.
 */
export interface AccessTokenClaims {
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly clientId: string
  /** Undefined where the subject is a person. */
  readonly keyId: string | undefined
  /** Undefined where the subject is a machine. */
  readonly assurance: Assurance | undefined
  readonly sessionId: string
  readonly tokenId: string
  readonly permissions: readonly string[]
  /** The `jti` of each token that this one was narrowed from or acts by: it ends with any of them. */
  readonly parentTokenIds: readonly string[]
  /** Who acts for the subject; undefined when the subject acts itself. */
  readonly delegate: Delegate | undefined
  /** What the token says for another face, in its own words; undefined in tokens of our own kind. */
  readonly face?: FaceClaims | undefined
  /** Whole seconds since 1970. */
  readonly issuedAt: number
  /** Whole seconds since 1970. */
  readonly expiresAt: number
}

/** What a token of the Supabase face says beside ours: an empty text for an address or a number that is not there. */
export interface FaceClaims {
  readonly kind: 'supabase'
  /** By which a database chooses its own role. */
  readonly role: string
  readonly email: string
  readonly phone: string
  readonly appMetadata: Readonly<Record<string, unknown>>
  readonly userMetadata: Readonly<Record<string, unknown>>
  readonly isAnonymous: boolean
  /** Whether a second factor is to be shown before the session permits anything: what asks for no permission neither. */
  readonly secondFactorDue: boolean
  /** The newest first; each with its time in whole seconds since 1970. */
  readonly methods: readonly { readonly method: string; readonly timestamp: number }[]
}

/** How a person has proven who they are. */
export interface Assurance {
  /** 1 with one factor, 2 with two: `aal` (NIST SP 800-63B-4 §2). */
  readonly level: 1 | 2
  /** By what: `amr` (RFC 8176). */
  readonly methods: readonly string[]
  /** When, in whole seconds since 1970: `auth_time` (OpenID Connect Core 1.0 §2). */
  readonly authenticatedAt: number
}

/** The `client_id` of a person's token: our own first-party client, which no machine can be called. */
export const personClientId = 'guichet'

/** Who acts for a token's subject (RFC 8693 §4.1), by which session of which key, and for whom before. */
export interface Delegate {
  readonly subject: string
  readonly clientId: string
  /** Undefined where a person acts. */
  readonly keyId: string | undefined
  readonly sessionId: string
  readonly before: Delegate | undefined
}

/** The longest access token that is looked at, in characters. */
export const accessTokenMaxLength = 8192

/** The claims that every access token of ours has beside its issuer and audience. */
export const requiredAccessClaims = ['exp', 'iat', 'sub', 'jti', 'sid', 'client_id', 'scope']

/** Reads a payload of ours; undefined when a claim is not what it must be. `latestNow` is in seconds, its tolerance added. */
export function parseAccessClaims(
  payload: Readonly<Record<string, unknown>>,
  latestNow: number,
): AccessTokenClaims | undefined {
  const { iss, sub, aud, jti, iat, exp, sid, client_id, key_id, scope, act, parents = [] } = payload
  const assurance = parseAssurance(payload)
  const delegate = parseDelegate(act)
  if (
    typeof iss !== 'string' ||
    typeof sub !== 'string' ||
    typeof jti !== 'string' ||
    typeof sid !== 'string' ||
    typeof client_id !== 'string' ||
    assurance === null ||
    // Either a key stands behind it or a person does, and never both.
    (assurance === undefined ? typeof key_id !== 'string' : key_id !== undefined) ||
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
    keyId: key_id as string | undefined,
    assurance,
    sessionId: sid,
    tokenId: jti,
    permissions: parseScope(scope),
    parentTokenIds: parents,
    delegate,
    issuedAt: iat as number,
    expiresAt: exp as number,
  }
}

/** Reads `aal`, `amr` and `auth_time`; null when they are not what they must be. All absent, they read as undefined. */
function parseAssurance({
  aal,
  amr,
  auth_time,
}: Readonly<Record<string, unknown>>): Assurance | undefined | null {
  if (aal === undefined && amr === undefined && auth_time === undefined) return undefined
  if ((aal !== 1 && aal !== 2) || !isTextList(amr) || !Number.isSafeInteger(auth_time)) return null
  return { level: aal, methods: amr, authenticatedAt: auth_time as number }
}

/** Reads an `act` claim of ours; null when it is none. Absent, it reads as undefined. */
function parseDelegate(act: unknown): Delegate | undefined | null {
  if (act === undefined) return undefined
  if (typeof act !== 'object' || act === null) return null
  const { sub, client_id, key_id, sid, act: inner } = act as Record<string, unknown>
  const before = parseDelegate(inner)
  if (before === null || typeof sub !== 'string' || typeof client_id !== 'string') return null
  if ((typeof key_id !== 'string' && key_id !== undefined) || typeof sid !== 'string') return null
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

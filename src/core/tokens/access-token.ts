import { base64url } from 'jose'
import { formatScope } from '../permissions.ts'
import type { SigningKey } from './signing-keys.ts'

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

/** Signs the claims as a compact JWS of type `at+jwt`. */
export async function mintAccessToken(claims: AccessTokenClaims, key: SigningKey): Promise<string> {
  const payload = JSON.stringify({
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audiences.length === 1 ? claims.audiences[0] : claims.audiences,
    client_id: claims.clientId,
    key_id: claims.keyId,
    sid: claims.sessionId,
    jti: claims.tokenId,
    scope: formatScope(claims.permissions),
    ...(claims.parentTokenIds.length > 0 && { parents: claims.parentTokenIds }),
    ...(claims.delegate && { act: spellDelegate(claims.delegate) }),
    iat: claims.issuedAt,
    exp: claims.expiresAt,
  })
  const signingInput = `${key.accessTokenHeader}.${base64url.encode(payload)}`
  return `${signingInput}.${await key.sign(signingInput)}`
}

/** The `act` claim: the one who acts now outside, those before within. */
export function spellDelegate({ subject, clientId, keyId, sessionId, before }: Delegate): object {
  return {
    sub: subject,
    client_id: clientId,
    key_id: keyId,
    sid: sessionId,
    ...(before && { act: spellDelegate(before) }),
  }
}

/** Reads an `act` claim of ours; null when it is none. Absent, it reads as undefined. */
export function parseDelegate(act: unknown): Delegate | undefined | null {
  if (act === undefined) return undefined
  if (typeof act !== 'object' || act === null) return null
  const { sub, client_id, key_id, sid, act: inner } = act as Record<string, unknown>
  const before = parseDelegate(inner)
  if (before === null || typeof sub !== 'string' || typeof client_id !== 'string') return null
  if (typeof key_id !== 'string' || typeof sid !== 'string') return null
  return { subject: sub, clientId: client_id, keyId: key_id, sessionId: sid, before }
}

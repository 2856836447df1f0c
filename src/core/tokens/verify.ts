import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Failure } from '../failure.ts'
import { parseScope } from '../permissions.ts'
import { accessLifetimeMaxSeconds, type Policy, signingAlgorithms } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import { type AccessTokenClaims, parseDelegate } from './access-token.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { VerifiedToken } from './verified-tokens.ts'

/** Who is calling, as a verified access token says it. */
export type Principal = AccessTokenClaims

/** In characters: what is longer is refused unread. */
export const tokenMaxLength = 8192

const verifyOptions = {
  typ: 'at+jwt',
  algorithms: [...signingAlgorithms],
  requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid', 'client_id', 'key_id', 'scope'],
}

/**
 * Verifies an access token offline: signature by a key of ours, type, issuer, audience and times
 * (RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4). Needs no database.
 */
export async function verifyAccessToken(
  deps: {
    readonly policy: Policy
    readonly signingKeys: SigningKeys
    /** For one of whom the token must be. */
    readonly audiences: readonly string[]
  },
  token: string,
  now: Date,
): Promise<Result<VerifiedToken, Failure>> {
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header) => keyOf(deps.signingKeys, header, now),
      {
        ...verifyOptions,
        issuer: deps.policy.issuer,
        audience: [...deps.audiences],
        clockTolerance: deps.policy.clockSkewSeconds,
        currentDate: now,
      },
    )
    const latestNow = Math.floor(now.getTime() / 1000) + deps.policy.clockSkewSeconds
    const principal = readPrincipal(payload, latestNow)
    return principal.ok ? ok({ principal: principal.value, kid: protectedHeader.kid ?? '' }) : principal
  } catch (error) {
    if (error instanceof errors.JWTExpired) return fail({ reason: 'access_token_expired' })
    if (error instanceof errors.JOSEError) return fail({ reason: 'access_token_invalid', cause: error.code })
    throw error
  }
}

function keyOf(
  signingKeys: SigningKeys,
  header: { readonly kid?: string; readonly alg?: string },
  now: Date,
) {
  const found = header.kid === undefined ? undefined : signingKeys.find(header.kid, now)
  if (found === undefined || found.algorithm !== header.alg) throw new errors.JWKSNoMatchingKey()
  return found.key
}

function readPrincipal(payload: JWTPayload, latestNow: number): Result<Principal, Failure> {
  const { iss, sub, aud, jti, iat, exp, sid, client_id, key_id, scope, parents = [] } = payload
  const delegate = parseDelegate(payload['act'])
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
    return fail({ reason: 'access_token_invalid', cause: 'claims' })
  }
  return ok({
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
  })
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

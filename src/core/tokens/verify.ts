import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { Failure } from '../failure.ts'
import { type Policy, signingAlgorithms } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import { type AccessTokenClaims, parseAccessClaims, requiredAccessClaims } from './access-claims.ts'
import { faceVerificationKey } from './face-signing-key.ts'
import type { SigningKeys } from './signing-keys.ts'
import { parseSupabaseClaims, supabaseAudience } from './supabase-claims.ts'
import type { VerifiedToken } from './verified-tokens.ts'

/** Who is calling, as a verified access token says it. */
export type Principal = AccessTokenClaims

const verifyOptions = {
  algorithms: [...signingAlgorithms],
  requiredClaims: requiredAccessClaims,
}

/**
 * Verifies an access token offline: signature by a key of ours, type, issuer, audience and times
 * (RFC 7519 §7.2, RFC 8725 §3, RFC 9068 §4). Needs no database. One of the Supabase face is for all that a person's is.
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
  const { policy } = deps
  const ofFace = policy.supabase.enabled && typeOf(token) === 'JWT'
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      (header) => (ofFace && faceKeyOf(policy, header)) || keyOf(deps.signingKeys, header, now),
      {
        ...verifyOptions,
        // The pair says whose a token is: no claim of one kind is read of the other.
        ...(ofFace
          ? { typ: 'JWT', issuer: policy.supabase.issuer, audience: supabaseAudience }
          : { typ: 'at+jwt', issuer: policy.issuer, audience: [...deps.audiences] }),
        clockTolerance: deps.policy.clockSkewSeconds,
        currentDate: now,
      },
    )
    const latestNow = Math.floor(now.getTime() / 1000) + deps.policy.clockSkewSeconds
    const principal = ofFace
      ? parseSupabaseClaims(payload, latestNow, policy.audiences)
      : parseAccessClaims(payload, latestNow)
    // Of a face's token the audience is our own word for it, which jose has not seen.
    if (!principal?.audiences.some((audience) => deps.audiences.includes(audience)))
      return fail({ reason: 'access_token_invalid', cause: 'claims' })
    return ok({ principal, kid: protectedHeader.kid })
  } catch (error) {
    if (error instanceof errors.JWTExpired) return fail({ reason: 'access_token_expired' })
    if (error instanceof errors.JOSEError) return fail({ reason: 'access_token_invalid', cause: error.code })
    throw error
  }
}

/** The `typ` of a token's header, before anything of it is believed; undefined for what is no token. */
function typeOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).typ
  } catch {
    return undefined
  }
}

/** The operator's own secret for a face, for tokens that name no key. */
function faceKeyOf(policy: Policy, header: { readonly kid?: string; readonly alg?: string }) {
  const own = header.kid === undefined ? faceVerificationKey(policy) : undefined
  return own?.algorithm === header.alg ? own?.key : undefined
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

import { errors, jwtVerify } from 'jose'
import { uncovered } from '../core/permissions.ts'
import type { SigningAlgorithm } from '../core/policy.ts'
import {
  type AccessTokenClaims,
  accessTokenMaxLength,
  parseAccessClaims,
  requiredAccessClaims,
} from '../core/tokens/access-claims.ts'
import { parseBearer } from './bearer.ts'
import { createKeySet, KeysUnavailable } from './key-set.ts'
import { type Needs, neededPermissions } from './needs.ts'
import { type Refusal, refuse, refuseScope } from './refusal.ts'

export type { Needs } from './needs.ts'
export type { Refusal, RefusalCode } from './refusal.ts'
export { refusalAnswer } from './refusal.ts'

/** Who is calling, as a verified access token says it. */
export type Principal = AccessTokenClaims

/** The principal of a good token that permits enough, or why there is none. */
export type Verdict =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly refusal: Refusal }

export interface VerifierOptions {
  /** The gateway's `PUBLIC_URL`, the `iss` of its tokens. */
  readonly issuer: string
  /** What tokens must be for: your service as the gateway's `AUDIENCE` names it, or several names of it. */
  readonly audience: string | readonly string[]
  /** Where the key set is, when not at `/.well-known/jwks.json` below the issuer. */
  readonly jwksUrl?: string | URL | undefined
  /** How far this clock and the gateway's may disagree; 5 unless told otherwise, at most 60. */
  readonly clockToleranceSeconds?: number | undefined
  /** Fetches the key set instead of the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
  readonly now?: (() => Date) | undefined
  /** Hears of every refusal, for a log. */
  readonly onRefusal?: ((refusal: Refusal) => void) | undefined
}

export interface Verifier {
  /** Verifies an access token offline: signature, type, issuer, audience, times, permissions (RFC 9068 §4, RFC 8725 §3). */
  readonly verify: (token: string, needs?: Needs) => Promise<Verdict>
  /** The same for the value of an `Authorization` header, which may be absent (RFC 6750 §2.1). */
  readonly verifyHeader: (authorization: string | null | undefined, needs?: Needs) => Promise<Verdict>
}

/** Without HS256: a published key is no secret, and a token under it proves nothing (RFC 8725 §2.1). */
const algorithms = ['ES256', 'EdDSA', 'RS256'] satisfies readonly SigningAlgorithm[]

const CLOCK_TOLERANCE_SECONDS = 5
const CLOCK_TOLERANCE_MAX_SECONDS = 60

/** Makes a verifier of one gateway's access tokens. Make one, and keep it: it holds the keys. */
export function createVerifier(options: VerifierOptions): Verifier {
  const { issuer, onRefusal, now = () => new Date() } = options
  const audience = [options.audience].flat()
  // Types do not reach callers in JavaScript, and jose takes an absent value as "any will do".
  if (!isText(issuer)) throw new TypeError('createVerifier needs an issuer.')
  if (audience.length === 0 || !audience.every(isText))
    throw new TypeError('createVerifier needs an audience.')
  const clockTolerance = clockToleranceOf(options)
  const keySet = createKeySet(new URL(options.jwksUrl ?? `${issuer}/.well-known/jwks.json`), {
    fetch: options.fetch,
    now,
  })
  const jwtOptions = {
    issuer,
    audience,
    clockTolerance,
    algorithms,
    typ: 'at+jwt',
    requiredClaims: requiredAccessClaims,
  }

  async function judge(token: string | undefined | null, needs: Needs): Promise<Principal | Refusal> {
    const needed = neededPermissions(needs)
    if (token === undefined) return refuse('missing_token', undefined)
    if (token === null) return refuse('invalid_token', 'The Authorization header is malformed.')
    if (token.length > accessTokenMaxLength) return refuse('invalid_token', 'The token is too long.')
    try {
      const currentDate = now()
      const { payload } = await jwtVerify(token, keySet, { ...jwtOptions, currentDate })
      const latestNow = Math.floor(currentDate.getTime() / 1000) + clockTolerance
      const principal = parseAccessClaims(payload, latestNow)
      if (principal === undefined) return refuse('invalid_token', 'A claim is not what it must be.')
      return uncovered(principal.permissions, needed).length === 0 ? principal : refuseScope(needed)
    } catch (error) {
      if (error instanceof KeysUnavailable) return refuse('keys_unavailable', error.message)
      if (error instanceof errors.JWTExpired) return refuse('token_expired', error.message)
      if (error instanceof errors.JOSEError) return refuse('invalid_token', error.message)
      throw error
    }
  }

  async function verify(token: string | undefined | null, needs: Needs = {}): Promise<Verdict> {
    const judged = await judge(token, needs)
    if (!('status' in judged)) return { ok: true, principal: judged }
    onRefusal?.(judged)
    return { ok: false, refusal: judged }
  }

  return { verify, verifyHeader: (authorization, needs) => verify(parseBearer(authorization), needs) }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function clockToleranceOf({ clockToleranceSeconds = CLOCK_TOLERANCE_SECONDS }: VerifierOptions): number {
  if (clockToleranceSeconds >= 0 && clockToleranceSeconds <= CLOCK_TOLERANCE_MAX_SECONDS) {
    return clockToleranceSeconds
  }
  throw new TypeError(`clockToleranceSeconds must be from 0 to ${CLOCK_TOLERANCE_MAX_SECONDS}.`)
}

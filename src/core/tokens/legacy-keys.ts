import { type CryptoKey, decodeProtectedHeader, errors, importJWK, type JWK, jwtVerify } from 'jose'
import type { Policy } from '../policy.ts'
import { accessTokenMaxLength } from './access-claims.ts'

/** Whom an API key of a former installation is for: its programs, or an application and whoever uses it. */
export type LegacyRole = 'service_role' | 'anon'

/** The API keys of a former installation, which are JWTs that it signed: `{iss, role, iat, exp}`. */
export interface LegacyKeys {
  /** For whom the key is that a text is; undefined where it is none, or not at `now`. */
  readonly roleOf: (
    key: { readonly text: string; readonly fingerprint: string },
    now: Date,
  ) => Promise<LegacyRole | undefined>
}

interface Verified {
  readonly role: LegacyRole
  /** In whole seconds since 1970, where it says so. */
  readonly notBefore: number
  readonly expiresAt: number
}

/** What signs by each algorithm: the key is chosen by both, so that no public key is ever taken for a secret (RFC 8725 §3.1). */
const kinds = {
  RS256: { kty: 'RSA', crv: undefined },
  ES256: { kty: 'EC', crv: 'P-256' },
} as const

const roles: ReadonlyMap<unknown, LegacyRole> = new Map([
  ['service_role', 'service_role'],
  ['supabase_admin', 'service_role'],
  ['anon', 'anon'],
])

/** The least of an RSA key, in bits (RFC 7518 §3.3). */
const RSA_MIN_BITS = 2048
/** An installation has two of them. */
const REMEMBERED_MAX = 64
const bytes = new TextEncoder()

export function createLegacyKeys({
  supabase: { enabled, jwtSecret, trustedJwks },
  clockSkewSeconds,
}: Pick<Policy, 'supabase' | 'clockSkewSeconds'>): LegacyKeys {
  // What was verified, by the fingerprint of its exact text, and what was opened. Values and no promises: on some
  // runtimes a promise belongs to the request that made it.
  const remembered = new Map<string, Verified>()
  const opened = new Map<JWK, CryptoKey | undefined>()

  async function open(jwk: JWK, algorithm: keyof typeof kinds): Promise<CryptoKey | undefined> {
    if (!opened.has(jwk)) opened.set(jwk, await readPublicKey(jwk, algorithm))
    return opened.get(jwk)
  }

  async function keysFor(
    algorithm: string,
    kid: string | undefined,
  ): Promise<readonly (CryptoKey | Uint8Array)[]> {
    if (algorithm === 'HS256') return jwtSecret === undefined ? [] : [bytes.encode(jwtSecret)]
    if (!isKind(algorithm)) return []
    const fitting = trustedJwks.filter(
      (jwk) => fits(jwk, algorithm) && (kid === undefined || jwk.kid === kid),
    )
    const keys = await Promise.all(fitting.map((jwk) => open(jwk, algorithm)))
    return keys.filter((key) => key !== undefined)
  }

  async function verify(text: string, now: Date): Promise<Verified | undefined> {
    const { alg, kid } = headerOf(text)
    for (const key of await keysFor(alg, kid)) {
      try {
        const options = { algorithms: [alg], clockTolerance: clockSkewSeconds, currentDate: now }
        return read((await jwtVerify(text, key, options)).payload)
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error
      }
    }
    return undefined
  }

  return {
    async roleOf({ text, fingerprint }, now) {
      if (!enabled || text.length > accessTokenMaxLength) return undefined
      const known = remembered.get(fingerprint)
      const found = known ?? (await verify(text, now))
      if (found === undefined) return undefined
      if (known === undefined) {
        if (remembered.size >= REMEMBERED_MAX) remembered.clear()
        remembered.set(fingerprint, found)
      }
      const seconds = Math.floor(now.getTime() / 1000)
      const lives =
        found.expiresAt > seconds - clockSkewSeconds && found.notBefore <= seconds + clockSkewSeconds
      return lives ? found.role : undefined
    },
  }
}

/** Only the role of the token itself counts. One that names a session is somebody's, who is no program whatever it says. */
function read(payload: Readonly<Record<string, unknown>>): Verified | undefined {
  const { role, exp = Infinity, nbf = 0, session_id, sid } = payload
  const known = roles.get(role)
  if (known === undefined || session_id !== undefined || sid !== undefined) return undefined
  return { role: known, expiresAt: Number(exp), notBefore: Number(nbf) }
}

/** What of a header is text: it is a stranger's, and a list of one algorithm is found where its only member is. */
function headerOf(text: string): { readonly alg: string; readonly kid: string | undefined } {
  try {
    const { alg, kid } = decodeProtectedHeader(text)
    if (typeof alg === 'string' && (kid === undefined || typeof kid === 'string')) return { alg, kid }
  } catch {
    // No token at all.
  }
  return { alg: '', kid: undefined }
}

function isKind(algorithm: string): algorithm is keyof typeof kinds {
  return Object.hasOwn(kinds, algorithm)
}

function fits({ kty, crv, alg, use = 'sig' }: JWK, algorithm: keyof typeof kinds): boolean {
  const kind = kinds[algorithm]
  return kty === kind.kty && crv === kind.crv && (alg ?? algorithm) === algorithm && use === 'sig'
}

/** A key that cannot be read, or is too weak, is none: it must not be a fault at every call. */
async function readPublicKey(jwk: JWK, algorithm: keyof typeof kinds): Promise<CryptoKey | undefined> {
  const key = await importJWK(jwk, algorithm).catch(() => undefined)
  if (key === undefined || key instanceof Uint8Array) return undefined
  const bits = 'modulusLength' in key.algorithm ? Number(key.algorithm.modulusLength) : RSA_MIN_BITS
  return bits < RSA_MIN_BITS ? undefined : key
}

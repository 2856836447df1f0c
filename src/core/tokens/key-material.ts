import {
  base64url,
  calculateJwkThumbprint,
  compactVerify,
  exportJWK,
  importJWK,
  importPKCS8,
  importSPKI,
  type JWK,
} from 'jose'
import type { Failure } from '../failure.ts'
import type { SigningAlgorithm } from '../policy.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { SigningKeyRecord } from './signing-key-state.ts'

/** A key as somebody brings it: a JWK (RFC 7517), or PEM with a PKCS#8 private or an SPKI public key. */
export type BroughtKey =
  | { readonly form: 'jwk'; readonly jwk: Readonly<Record<string, unknown>> }
  | { readonly form: 'pem'; readonly pem: string }

/** What is kept of a key itself: without a private half it can only be trusted. */
export type KeyMaterial = Pick<SigningKeyRecord, 'kid' | 'algorithm' | 'publicJwk' | 'sealedPrivateJwk'>

const RSA_MIN_BITS = 2048
/** Beyond this a verification takes so long that a token is a burden. */
const RSA_MAX_BITS = 8192
const RSA_MIN_EXPONENT = 65_537n
/** What every platform takes. */
const RSA_EXPONENT_END = 4_294_967_296n
const OCT_MIN_BYTES = 32

/** The members of each type that make the key, and no others: what else a JWK carries is not kept or published. */
const members = {
  EC: { public: ['kty', 'crv', 'x', 'y'], private: ['d'] },
  OKP: { public: ['kty', 'crv', 'x'], private: ['d'] },
  RSA: { public: ['kty', 'n', 'e'], private: ['d', 'p', 'q', 'dp', 'dq', 'qi'] },
  oct: { public: ['kty'], private: ['k'] },
} as const satisfies Record<string, { public: readonly string[]; private: readonly string[] }>

/** Reads a key that somebody brought, and tries it. Nothing of the key is ever said back. */
export async function readBroughtKey(
  world: Pick<World, 'vault' | 'signatures'>,
  brought: BroughtKey,
): Promise<Result<KeyMaterial, Failure>> {
  if (brought.form === 'jwk') return usableKey(world, brought.jwk)
  const jwk = await readPem(brought.pem)
  return jwk.ok ? usableKey(world, jwk.value) : jwk
}

/** The key under its RFC 7638 thumbprint, its algorithm derived from what it is, its private half sealed. */
export async function usableKey(
  world: Pick<World, 'vault' | 'signatures'>,
  given: Readonly<Record<string, unknown>>,
): Promise<Result<KeyMaterial, Failure>> {
  const algorithm = algorithmOf(given)
  if (algorithm === undefined) {
    return unusable('It must be an EC key on P-256, an Ed25519 key, an RSA key, or an oct key.')
  }
  const problem = unfitBecause(given, algorithm)
  if (problem !== undefined) return unusable(problem)
  const jwk = await canonical(given, algorithm)
  if (jwk === undefined) return unusable('It is not a complete, valid key.')
  const publicJwk = jwk.kty === 'oct' ? undefined : pick(jwk, members[jwk.kty as 'EC'].public)
  const kid = await calculateJwkThumbprint(jwk)
  if (!isPrivate(jwk)) return ok({ kid, algorithm, publicJwk, sealedPrivateJwk: undefined })
  if (!(await verifiesItself(world, { jwk, publicJwk, algorithm }))) {
    return unusable('Its private and public halves do not belong together.')
  }
  return ok({
    kid,
    algorithm,
    publicJwk,
    sealedPrivateJwk: world.vault.seal('signing-key', JSON.stringify(jwk)),
  })
}

function algorithmOf({ kty, crv }: Readonly<Record<string, unknown>>): SigningAlgorithm | undefined {
  if (kty === 'EC' && crv === 'P-256') return 'ES256'
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA'
  if (kty === 'RSA') return 'RS256'
  return kty === 'oct' ? 'HS256' : undefined
}

function unfitBecause(
  given: Readonly<Record<string, unknown>>,
  algorithm: SigningAlgorithm,
): string | undefined {
  const { alg, use, key_ops, oth } = given
  // RFC 9864 names EdDSA on this curve Ed25519.
  const names = algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm]
  if (alg !== undefined && !names.includes(String(alg))) return `By what it is, its alg must be ${algorithm}.`
  if (use !== undefined && use !== 'sig') return 'Its use must be sig.'
  const needed = isPrivate(given) ? 'sign' : 'verify'
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes(needed))) {
    return `Its key_ops must have ${needed}.`
  }
  if (oth !== undefined) return 'An RSA key of more than two primes cannot be used.'
  if (algorithm === 'HS256' && (bytesOf(given['k'])?.length ?? 0) < OCT_MIN_BYTES) {
    return 'An oct key needs at least 256 bits.'
  }
  return algorithm === 'RS256' ? unfitModulus(given) : undefined
}

function unfitModulus({ n, e }: Readonly<Record<string, unknown>>): string | undefined {
  const bits = numberOf(n).toString(2).length
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    return `An RSA key needs ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits.`
  }
  const exponent = numberOf(e)
  const fits = exponent >= RSA_MIN_EXPONENT && exponent < RSA_EXPONENT_END && exponent % 2n === 1n
  return fits ? undefined : 'The exponent of an RSA key must be odd and from 65537 to 4294967295.'
}

/** As this platform writes it, so that one key has one spelling and one thumbprint. */
async function canonical(
  given: Readonly<Record<string, unknown>>,
  algorithm: SigningAlgorithm,
): Promise<JWK | undefined> {
  // algorithmOf has seen the kty.
  const known = members[given['kty'] as keyof typeof members]
  const wanted = isPrivate(given) ? [...known.public, ...known.private] : known.public
  try {
    return await exportJWK(await importJWK(pick(given, wanted), algorithm, { extractable: true }))
  } catch {
    // Whatever the platform's words for it: they may quote the key.
    return undefined
  }
}

async function verifiesItself(
  { signatures }: Pick<World, 'signatures'>,
  key: { readonly jwk: JWK; readonly publicJwk: JWK | undefined; readonly algorithm: SigningAlgorithm },
): Promise<boolean> {
  const { jwk, publicJwk, algorithm } = key
  try {
    const sign = await signatures.signer(algorithm, jwk)
    const trial = await sign(base64url.encode(JSON.stringify({ alg: algorithm })), 'trial')
    const verifier = await importJWK(publicJwk ?? jwk, algorithm)
    await compactVerify(trial, verifier, { algorithms: [algorithm] })
    return true
  } catch {
    return false
  }
}

async function readPem(pem: string): Promise<Result<JWK, Failure>> {
  const label = /^\s*-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1]
  const load = label === undefined ? undefined : pemLoaders[label]
  if (load === undefined) {
    return unusable(
      'PEM must begin with BEGIN PRIVATE KEY (PKCS#8, not encrypted) or BEGIN PUBLIC KEY (SPKI): openssl pkcs8 -topk8 -nocrypt makes the first.',
    )
  }
  // PEM does not say what the key is for: the one algorithm that it fits is its own.
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    try {
      return ok(await exportJWK(await load(pem.trim(), algorithm, { extractable: true })))
    } catch {
      // Not a key of this algorithm.
    }
  }
  return unusable('PEM must hold an EC key on P-256, an Ed25519 key or an RSA key.')
}

const pemLoaders: Readonly<Record<string, typeof importPKCS8>> = {
  'PRIVATE KEY': importPKCS8,
  'PUBLIC KEY': importSPKI,
}

function isPrivate(jwk: Readonly<Record<string, unknown>>): boolean {
  return 'd' in jwk || 'k' in jwk
}

function pick(jwk: Readonly<Record<string, unknown>>, names: readonly string[]): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([name]) => names.includes(name))) as JWK
}

function bytesOf(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string') return undefined
  try {
    return base64url.decode(text)
  } catch {
    return undefined
  }
}

function numberOf(text: unknown): bigint {
  let sum = 0n
  for (const byte of bytesOf(text) ?? []) sum = (sum << 8n) | BigInt(byte)
  return sum
}

function unusable(problem: string) {
  return fail({ reason: 'signing_key_unusable', problem } as const)
}

import { base64url } from 'jose'
import type { Policy } from '../policy.ts'
import type { World } from '../ports.ts'
import type { SigningKey, VerificationKey } from './signing-keys.ts'

const bytes = new TextEncoder()

/**
 * The key that tokens of the Supabase face are signed with where the operator names one of their own, for services that
 * know nothing but a shared secret; undefined where they are signed as all others are.
 */
export async function faceSigningKey(
  { signatures }: Pick<World, 'signatures'>,
  { supabase: { jwtAlgorithm, jwtSecret } }: Pick<Policy, 'supabase'>,
): Promise<Pick<SigningKey, 'jwtHeader' | 'sign'> | undefined> {
  if (jwtAlgorithm === undefined || jwtSecret === undefined) return undefined
  const jwk = { kty: 'oct', k: base64url.encode(jwtSecret) }
  const jwtHeader = base64url.encode(JSON.stringify({ alg: jwtAlgorithm, typ: 'JWT' }))
  return { jwtHeader, sign: await signatures.signer(jwtAlgorithm, jwk) }
}

/** The same to verify by: for tokens that name no key. */
export function faceVerificationKey({
  supabase: { jwtAlgorithm, jwtSecret },
}: Pick<Policy, 'supabase'>): VerificationKey | undefined {
  if (jwtAlgorithm === undefined || jwtSecret === undefined) return undefined
  return { algorithm: jwtAlgorithm, key: bytes.encode(jwtSecret) }
}

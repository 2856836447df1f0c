import { base64url, exportJWK, generateKeyPair, generateSecret, importJWK } from 'jose'
import type { SigningAlgorithm } from '../core/policy.ts'
import type { Signatures } from '../core/ports.ts'

const webCryptoParameters = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  HS256: { name: 'HMAC', hash: 'SHA-256' },
} as const satisfies Record<SigningAlgorithm, { name: string; hash?: string }>

/** Signatures by WebCrypto, which every runtime has. */
export const webSignatures: Signatures = {
  async generate(algorithm) {
    if (algorithm === 'HS256') return exportJWK(await generateSecret('HS256', { extractable: true }))
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
    return exportJWK(privateKey)
  },

  async signer(algorithm, privateJwk) {
    const key = await signingKey(algorithm, privateJwk)
    const parameters = webCryptoParameters[algorithm]
    return async (header, payload) => {
      const signingInput = `${header}.${base64url.encode(payload)}`
      const signature = await crypto.subtle.sign(parameters, key, new TextEncoder().encode(signingInput))
      return `${signingInput}.${base64url.encode(new Uint8Array(signature))}`
    }
  },
}

async function signingKey(algorithm: SigningAlgorithm, privateJwk: Parameters<typeof importJWK>[0]) {
  const key = await importJWK(privateJwk, algorithm)
  if (!(key instanceof Uint8Array)) return key
  return crypto.subtle.importKey('raw', new Uint8Array(key), webCryptoParameters.HS256, false, ['sign'])
}

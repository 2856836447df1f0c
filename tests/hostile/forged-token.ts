import { base64url, decodeJwt, decodeProtectedHeader } from 'jose'
import type { TestGateway } from '../support/test-gateway.ts'

export interface TokenParts {
  /** Replaces members of a genuine header; an undefined one goes. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Replaces members of genuine claims; an undefined one goes. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The payload's exact text, for what JSON.stringify cannot say. */
  readonly payload?: string
}

type Sign = (signingInput: string) => string | Promise<string>

/** Takes a genuine token, changes parts of it and signs it: with the gateway's own key unless told otherwise. */
export async function forgeToken(
  gateway: TestGateway,
  genuine: string,
  parts: TokenParts & { readonly sign?: Sign },
): Promise<string> {
  const header = JSON.stringify({ ...decodeProtectedHeader(genuine), ...parts.header })
  const payload = parts.payload ?? JSON.stringify({ ...decodeJwt(genuine), ...parts.claims })
  if (parts.sign === undefined) {
    return gateway.signingKeys.active(gateway.world.now()).sign(base64url.encode(header), payload)
  }
  const signingInput = `${base64url.encode(header)}.${base64url.encode(payload)}`
  return `${signingInput}.${await parts.sign(signingInput)}`
}

/** Signs with HMAC-SHA-256 under `secret`. */
export function hmacSigner(secret: Uint8Array): Sign {
  return async (signingInput) => {
    const key = await crypto.subtle.importKey(
      'raw',
      new Uint8Array(secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    )
    return base64url.encode(
      new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(signingInput))),
    )
  }
}

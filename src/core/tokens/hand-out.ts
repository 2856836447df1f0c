import { after, type Eventually } from '../eventually.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type AccessTokenClaims, accessTokenMaxLength } from './access-claims.ts'
import { mintAccessToken } from './access-token.ts'
import { faceSigningKey } from './face-signing-key.ts'
import type { VerifiedToken } from './verified-tokens.ts'

type Parts = Pick<ServiceParts, 'world' | 'policy' | 'memory'>

/** Mints an access token and remembers it as verified: whoever made it need not verify it at its first use. */
export function handOut(parts: Parts, claims: AccessTokenClaims, now: Date): Eventually<string> {
  if (claims.face !== undefined) return handOutForFace(parts, claims, now)
  const ring = parts.memory.signingKeys.active(now)
  return after(mintAccessToken(claims, ring), (access) =>
    remembered(parts, access, { principal: claims, kid: ring.kid, now }),
  )
}

/** The same with the operator's own secret for the face, where there is one. */
async function handOutForFace(parts: Parts, claims: AccessTokenClaims, now: Date): Promise<string> {
  const ring = parts.memory.signingKeys.active(now)
  const own = await faceSigningKey(parts.world, parts.policy)
  const access = await mintAccessToken(claims, { ...ring, ...own })
  const kid = own === undefined ? ring.kid : undefined
  return remembered(parts, access, { principal: claims, kid, now })
}

function remembered(
  { world, memory }: Parts,
  access: string,
  { principal, kid, now }: VerifiedToken & { readonly now: Date },
): string {
  // What verification would refuse must not come in by this door.
  if (access.length <= accessTokenMaxLength) {
    memory.verifiedTokens.remember(world.fingerprint(access), { principal, kid }, now)
  }
  return access
}

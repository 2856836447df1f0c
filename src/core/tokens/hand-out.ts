import { after, type Eventually } from '../eventually.ts'
import type { ServiceParts } from '../service-parts.ts'
import { type AccessTokenClaims, accessTokenMaxLength } from './access-claims.ts'
import { mintAccessToken } from './access-token.ts'
import { faceSigningKey } from './face-signing-key.ts'

/** Mints an access token and remembers it as verified: whoever made it need not verify it at its first use. */
export function handOut(
  { world, policy, memory }: Pick<ServiceParts, 'world' | 'policy' | 'memory'>,
  claims: AccessTokenClaims,
  now: Date,
): Eventually<string> {
  const ring = memory.signingKeys.active(now)
  const remember = (access: string, kid: string | undefined) => {
    // What verification would refuse must not come in by this door.
    if (access.length <= accessTokenMaxLength) {
      memory.verifiedTokens.remember(world.fingerprint(access), { principal: claims, kid }, now)
    }
    return access
  }
  if (claims.face === undefined) {
    return after(mintAccessToken(claims, ring), (access) => remember(access, ring.kid))
  }
  return faceSigningKey(world, policy).then(async (own) => {
    const access = await mintAccessToken(claims, own === undefined ? ring : { ...ring, ...own })
    return remember(access, own === undefined ? ring.kid : undefined)
  })
}

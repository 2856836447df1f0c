import type { ServiceParts } from '../service-parts.ts'
import { type AccessTokenClaims, accessTokenMaxLength } from './access-claims.ts'
import { mintAccessToken } from './access-token.ts'
import { faceSigningKey } from './face-signing-key.ts'

/** Mints an access token and remembers it as verified: whoever made it need not verify it at its first use. */
export async function handOut(
  { world, policy, memory }: Pick<ServiceParts, 'world' | 'policy' | 'memory'>,
  claims: AccessTokenClaims,
  now: Date,
): Promise<string> {
  const ring = memory.signingKeys.active(now)
  const own = claims.face && (await faceSigningKey(world, policy))
  const access = await mintAccessToken(claims, own === undefined ? ring : { ...ring, ...own })
  // What verification would refuse must not come in by this door.
  if (access.length <= accessTokenMaxLength) {
    memory.verifiedTokens.remember(
      world.fingerprint(access),
      { principal: claims, kid: own === undefined ? ring.kid : undefined },
      now,
    )
  }
  return access
}

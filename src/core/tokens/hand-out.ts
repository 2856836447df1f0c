import type { ServiceParts } from '../service-parts.ts'
import { type AccessTokenClaims, accessTokenMaxLength } from './access-claims.ts'
import { mintAccessToken } from './access-token.ts'

/** Mints an access token and remembers it as verified: whoever made it need not verify it at its first use. */
export async function handOut(
  { world, memory }: Pick<ServiceParts, 'world' | 'memory'>,
  claims: AccessTokenClaims,
  now: Date,
): Promise<string> {
  const key = memory.signingKeys.active(now)
  const access = await mintAccessToken(claims, key)
  // What verification would refuse must not come in by this door.
  if (access.length <= accessTokenMaxLength) {
    memory.verifiedTokens.remember(world.fingerprint(access), { principal: claims, kid: key.kid }, now)
  }
  return access
}

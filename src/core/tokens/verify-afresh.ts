import type { Eventually } from '../eventually.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { accessTokenMaxLength } from './access-claims.ts'
import { storedSigningKeys } from './keep-signing-keys.ts'
import { type Principal, verifyAccessToken } from './verify.ts'

/**
 * Verifies an access token, unless this exact text has been verified before and still counts. One that names a key
 * which is not known here is judged once more after a look at the store. Looks are bounded, so that made-up names cost
 * nothing.
 */
export function verifyAfresh(
  parts: ServiceParts,
  accessToken: string,
  { now, audiences }: { readonly now: Date; readonly audiences: readonly string[] },
): Eventually<Result<Principal, Failure>> {
  const { world, policy, memory } = parts
  const { signingKeys, verifiedTokens } = memory
  if (accessToken.length > accessTokenMaxLength)
    return fail({ reason: 'access_token_invalid', cause: 'too_long' })
  const fingerprint = world.fingerprint(accessToken)
  const { clockSkewSeconds } = policy
  const known = verifiedTokens.find(fingerprint, { signingKeys, audiences, clockSkewSeconds, now })
  return known === undefined
    ? verifyAndRemember(parts, accessToken, { now, audiences, fingerprint })
    : ok(known.principal)
}

async function verifyAndRemember(
  { world, policy, memory }: ServiceParts,
  accessToken: string,
  {
    now,
    audiences,
    fingerprint,
  }: { readonly now: Date; readonly audiences: readonly string[]; readonly fingerprint: string },
): Promise<Result<Principal, Failure>> {
  const { signingKeys, verifiedTokens } = memory
  const verify = () => verifyAccessToken({ policy, signingKeys, audiences }, accessToken, now)
  let verified = await verify()
  if (!verified.ok && namesUnknownKey(verified.failure)) {
    const looked = await signingKeys.lookAgain(() => storedSigningKeys(world), now)
    if (looked) verified = await verify()
  }
  if (!verified.ok) return verified
  verifiedTokens.remember(fingerprint, verified.value, now)
  return ok(verified.value.principal)
}

function namesUnknownKey(failure: Failure): boolean {
  return failure.reason === 'access_token_invalid' && failure.cause === 'ERR_JWKS_NO_MATCHING_KEY'
}

import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { storedSigningKeys } from './keep-signing-keys.ts'
import { type Principal, verifyAccessToken } from './verify.ts'

/**
 * Verifies an access token; one that names a key which is not known here is judged once more after a look at the
 * store. Looks are bounded, so that made-up names cost nothing.
 */
export async function verifyAfresh(
  { world, policy, memory }: ServiceParts,
  accessToken: string,
  { now, audiences }: { readonly now: Date; readonly audiences: readonly string[] },
): Promise<Result<Principal, Failure>> {
  const { signingKeys } = memory
  const verify = () => verifyAccessToken({ policy, signingKeys, audiences }, accessToken, now)
  const verified = await verify()
  if (verified.ok || !namesUnknownKey(verified.failure)) return verified
  const looked = await signingKeys.lookAgain(() => storedSigningKeys(world), now)
  return looked ? verify() : verified
}

function namesUnknownKey(failure: Failure): boolean {
  return failure.reason === 'access_token_invalid' && failure.cause === 'ERR_JWKS_NO_MATCHING_KEY'
}

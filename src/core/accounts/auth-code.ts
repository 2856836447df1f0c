import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { admitUser } from './admit-user.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { findGenuineToken, mintOneTimeToken } from './one-time-token-text.ts'
import { openPersonSession } from './open-person-session.ts'
import { sessionProof } from './redeem-proof.ts'

/** How long a client may take from the link to the trade. */
const TTL_SECONDS = 300

/** What a link leads to whose client keeps a verifier: a code, which only that client can trade for tokens. */
export function mintAuthCode(
  world: Pick<World, 'newId' | 'randomText' | 'vault'>,
  { userId, email, phone, codeChallenge, codeChallengeMethod, method }: OneTimeToken,
  now: Date,
): { readonly text: string; readonly token: OneTimeToken } {
  const beside = { phone, codeChallenge, codeChallengeMethod, method }
  return mintOneTimeToken(
    world,
    { userId, purpose: 'auth-code', email, ttlSeconds: TTL_SECONDS, ...beside },
    now,
  )
}

/** Trades such a code, once, for the tokens of a session (RFC 7636 §4.5). A wrong verifier does not use it up. */
export async function tradeAuthCode(
  parts: ServiceParts,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  caller: Caller,
): Promise<Result<PersonTokens, Failure>> {
  const { world, memory } = parts
  const now = world.now()
  // Wrong ones alone are counted: the server of a site trades the codes of all its people from one address.
  const guessing = memory.guessGuard.admit(world, caller.address, now)
  if (!guessing.ok) return guessing
  return untilSettled<Result<PersonTokens, Failure>>(async () => {
    const token = await findGenuineToken(world, code, ['auth-code'])
    if (token === undefined) {
      const counted = await memory.guessGuard.countWrong(world, caller.address, now)
      return counted.ok ? fail({ reason: 'auth_code_unknown' }) : counted
    }
    if (token.usedAt !== undefined) return fail({ reason: 'auth_code_unknown' })
    if (token.expiresAt <= now) return fail({ reason: 'auth_code_expired' })
    if (!isVerifier(world, token, verifier)) return fail({ reason: 'code_verifier_wrong' })
    const found = await world.store.findUser(token.userId)
    if (found === undefined || found.user.deletedAt !== undefined)
      return fail({ reason: 'auth_code_unknown' })
    const admitted = admitUser(found.user, now)
    if (!admitted.ok) return admitted
    const proof = await sessionProof(parts, {
      user: found.user,
      amr: [token.method ?? 'link'],
      method: 'link',
    })
    const redeems = { tokenId: token.id, confirms: undefined }
    const tokens = await openPersonSession(parts, found, { proof: { ...proof, redeems }, caller, now })
    return tokens === changed ? changed : ok(tokens)
  })
}

function isVerifier(
  { fingerprint }: Pick<World, 'fingerprint'>,
  { codeChallenge, codeChallengeMethod }: OneTimeToken,
  verifier: string,
): boolean {
  if (codeChallenge === undefined) return false
  const answer = codeChallengeMethod === 's256' ? fingerprint(verifier) : verifier
  // Fingerprints are compared, whose first difference says nothing of the texts.
  return fingerprint(answer) === fingerprint(codeChallenge)
}

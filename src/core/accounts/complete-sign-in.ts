import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import type { SessionFace } from '../tokens/session.ts'
import type { SecondFactorMethod } from './challenge.ts'
import type { LiveChallenge } from './live-challenge.ts'
import { deviceOf, openPersonSession, signInRecord } from './open-person-session.ts'
import { type ChallengeAnswer, passChallenge } from './pass-challenge.ts'
import { clearProofTries } from './proof-tries.ts'
import { type Attempt, attemptOf } from './sign-in-throttle.ts'

/** How a token says by what its session was opened (RFC 8176 §2; a mail and a recovery code have no name there). */
const amrOf = {
  totp: 'otp',
  email: 'email',
  recovery_code: 'recovery_code',
} as const satisfies Record<SecondFactorMethod, string>

/** Ends a sign-in that a right password began, by a second factor. */
export async function completeSignIn(
  parts: ServiceParts,
  answer: ChallengeAnswer & { readonly face?: SessionFace | undefined },
  caller: Caller,
): Promise<Result<PersonTokens, Failure>> {
  const { world } = parts
  const now = world.now()
  const passed = await passChallenge(world, answer, now)
  if (!passed.ok) {
    const { failure, live } = passed.failure
    if (live !== undefined && failure.reason === 'code_invalid') {
      const record = { userId: live.user.id, method: answer.method, outcome: 'wrong', now } as const
      await world.store.addSignIn(signInRecord(world, record, caller))
    }
    return fail(failure)
  }
  const { method, user } = passed.value
  const amr = ['pwd', amrOf[method], 'mfa']
  const attempt = await attemptBehind(parts, passed.value, caller)
  const proof = { aal: 2, amr, method, attempt, face: answer.face } as const
  const tokens = await openPersonSession(parts, passed.value, { proof, caller, now })
  // Changed in the moment since: as good as changed before.
  if (tokens === changed) return fail({ reason: 'challenge_invalid' })
  await clearProofTries(world, user.id)
  return ok(tokens)
}

/** The attempt that the password was counted as, which has come to a good end only now. */
async function attemptBehind(
  { world }: Pick<ServiceParts, 'world'>,
  { user, challenge }: LiveChallenge,
  caller: Caller,
): Promise<Attempt> {
  const then = { ...caller, address: challenge.address }
  const signer = await world.store.findSigner({ kind: 'id', id: user.id }, deviceOf(world, then) ?? '')
  return attemptOf(world, { account: user.id, caller: then, deviceKnown: signer?.deviceKnown ?? false })
}

import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { SecondFactorMethod } from './challenge.ts'
import { findLiveChallenge, type LiveChallenge } from './live-challenge.ts'
import { mailOfRecovery } from './mail-to-person.ts'
import { isMailedCode } from './mailed-code.ts'
import { takeProofTry } from './proof-tries.ts'
import { proveApp, proveRecoveryCode } from './prove-factor.ts'
import type { SignInProof } from './second-factor-store.ts'

export interface ChallengeAnswer {
  readonly challenge: string
  readonly method: SecondFactorMethod
  readonly code: string
}

/** A challenge that was answered. It is used up, and so is the code. */
export interface PassedChallenge extends LiveChallenge {
  readonly method: SecondFactorMethod
}

/** What somebody got wrong whose password was right. */
export type ChallengeFailure = { readonly failure: Failure; readonly live: LiveChallenge | undefined }

/**
 * Takes the answer to a challenge: a try is counted, for the account and for the challenge, before the code is looked
 * at; and of all who answer at once with one code or to one challenge, one passes.
 */
export async function passChallenge(
  world: World,
  answer: ChallengeAnswer,
  now: Date,
): Promise<Result<PassedChallenge, ChallengeFailure>> {
  const found = await findLiveChallenge(world, answer.challenge, now)
  if (!found.ok) return fail({ failure: found.failure, live: undefined })
  const live = found.value
  const refused = (failure: Failure) => fail({ failure, live })
  if (!live.challenge.methods.includes(answer.method)) return refused({ reason: 'method_not_offered' })
  const counted = await takeProofTry(world, live.user.id, now)
  if (!counted.ok) return refused(counted.failure)
  if (!(await world.store.takeChallengeAttempt(live.challenge.id, now))) {
    return refused({ reason: 'challenge_invalid' })
  }
  const proof = await prove(world, { live, ...answer }, now)
  if (proof === undefined) return refused({ reason: 'code_invalid' })
  const mails = await mailOfRecovery(world, { user: live.user, proof }, now)
  const passing = { id: live.challenge.id, proof, at: now }
  if (!(await world.store.passChallenge(passing, { mails }))) return refused({ reason: 'code_invalid' })
  return ok({ ...live, method: answer.method })
}

async function prove(
  world: World,
  {
    live,
    method,
    code,
  }: { readonly live: LiveChallenge; readonly method: SecondFactorMethod; readonly code: string },
  now: Date,
): Promise<SignInProof | undefined> {
  const { challenge, user } = live
  if (method === 'recovery_code') return proveRecoveryCode(world, { userId: user.id, code })
  if (method === 'totp') {
    const factors = await world.store.listFactors(user.id)
    return proveApp(
      world,
      { factors: factors.filter(({ activatedAt }) => activatedAt !== undefined), code },
      now,
    )
  }
  const { codeDigest: digest, codeExpiresAt } = challenge
  if (digest === undefined || codeExpiresAt === undefined || codeExpiresAt <= now) return undefined
  return isMailedCode(world, { forId: challenge.id, code, digest })
    ? { kind: 'email', codeDigest: digest }
    : undefined
}

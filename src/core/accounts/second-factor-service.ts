import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { type ActivatedFactor, activateFactor } from './activate-factor.ts'
import { challengeFactor, type FactorChallenge } from './challenge-factor.ts'
import { completeSignIn } from './complete-sign-in.ts'
import { dropFactor } from './drop-factor.ts'
import { type EnrolledApp, enrolApp, enrolMailedCodes, type FactorOrder } from './enrol-factor.ts'
import { type AppOrder, enrolAppInSession } from './enrol-in-session.ts'
import type { Factor } from './factor.ts'
import { sendFactorCode } from './factor-code.ts'
import { type FactorsOfPerson, listFactors } from './list-factors.ts'
import { mailSignInCode } from './mail-sign-in-code.ts'
import type { ChallengeAnswer } from './pass-challenge.ts'
import type { ProofOfSelf } from './prove-again.ts'
import { raiseSession, type StepUpAnswer } from './raise-session.ts'
import { removeFactor } from './remove-factor.ts'
import { renewRecoveryCodes } from './renew-recovery-codes.ts'

/** What people do about their second factor. */
export interface SecondFactorService {
  readonly listFactors: (actor: Actor) => Promise<Result<FactorsOfPerson, Failure>>
  readonly enrolApp: (actor: Actor, order: FactorOrder) => Promise<Result<EnrolledApp, Failure>>
  readonly enrolMailedCodes: (actor: Actor, order: FactorOrder) => Promise<Result<Factor, Failure>>
  /** Mails a code to somebody who is signed in and has codes by mail for a factor. */
  readonly sendFactorCode: (actor: Actor) => Promise<Result<void, Failure>>
  readonly activateFactor: (
    actor: Actor,
    shown: { readonly id: string; readonly code: string },
  ) => Promise<Result<ActivatedFactor, Failure>>
  readonly removeFactor: (
    actor: Actor,
    shown: ProofOfSelf & { readonly id: string },
  ) => Promise<Result<void, Failure>>
  readonly renewRecoveryCodes: (
    actor: Actor,
    shown: ProofOfSelf,
  ) => Promise<Result<readonly string[], Failure>>
  /** The same within the session, which is all that is shown: for faces that ask for no password. */
  readonly enrolAppInSession: (actor: Actor, order: AppOrder) => Promise<Result<EnrolledApp, Failure>>
  readonly challengeFactor: (actor: Actor, factorId: string) => Promise<Result<FactorChallenge, Failure>>
  readonly raiseSession: (actor: Actor, answer: StepUpAnswer) => Promise<Result<PersonTokens, Failure>>
  readonly dropFactor: (actor: Actor, id: string) => Promise<Result<void, Failure>>
  /** Mails a code for one attempt to sign in. */
  readonly mailSignInCode: (challenge: string, caller: Caller) => Promise<Result<void, Failure>>
  /** Ends a sign-in that a right password began. */
  readonly completeSignIn: (answer: ChallengeAnswer, caller: Caller) => Promise<Result<PersonTokens, Failure>>
}

export function bindSecondFactor(parts: ServiceParts): SecondFactorService {
  return {
    listFactors: (actor) => listFactors(parts, actor),
    enrolApp: (actor, order) => enrolApp(parts, actor, order),
    enrolMailedCodes: (actor, order) => enrolMailedCodes(parts, actor, order),
    sendFactorCode: (actor) => sendFactorCode(parts, actor),
    activateFactor: (actor, shown) => activateFactor(parts, actor, shown),
    removeFactor: (actor, shown) => removeFactor(parts, actor, shown),
    renewRecoveryCodes: (actor, shown) => renewRecoveryCodes(parts, actor, shown),
    enrolAppInSession: (actor, order) => enrolAppInSession(parts, actor, order),
    challengeFactor: (actor, factorId) => challengeFactor(parts, actor, factorId),
    raiseSession: (actor, answer) => raiseSession(parts, actor, answer),
    dropFactor: (actor, id) => dropFactor(parts, actor, id),
    mailSignInCode: (challenge) => mailSignInCode(parts, challenge),
    completeSignIn: (answer, caller) => completeSignIn(parts, answer, caller),
  }
}

import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { tradeAuthCode } from './auth-code.ts'
import type { OneTimeProof, VerifyType } from './find-one-time-proof.ts'
import { followLink, type LinkFollowed } from './follow-link.ts'
import { type Redeemed, redeemProof } from './redeem-proof.ts'
import { type ResendRequest, resendMessage } from './resend-message.ts'
import { sendReauthentication } from './send-reauthentication.ts'
import { type RecoveryRequest, sendRecovery } from './send-recovery.ts'
import { type SignInMessageRequest, sendSignIn } from './send-sign-in.ts'
import { type AnonymousRequest, signInAnonymously } from './sign-in-anonymously.ts'
import { type SignedUp, type SignUpRequest, signUp } from './sign-up.ts'

type Done = Promise<Result<void, Failure>>

/** How people come to an account by what is sent to them, and what they show of it. */
export interface OneTimeService {
  readonly signUp: (request: SignUpRequest, caller: Caller) => Promise<Result<SignedUp, Failure>>
  readonly signInAnonymously: (
    request: AnonymousRequest,
    caller: Caller,
  ) => Promise<Result<PersonTokens, Failure>>
  readonly sendSignIn: (request: SignInMessageRequest, caller: Caller) => Done
  readonly sendRecovery: (request: RecoveryRequest, caller: Caller) => Done
  readonly resendMessage: (request: ResendRequest, caller: Caller) => Done
  readonly sendReauthentication: (actor: Actor) => Done
  readonly redeemProof: (proof: OneTimeProof, caller: Caller) => Promise<Result<Redeemed, Failure>>
  readonly followLink: (
    link: { readonly hash: string; readonly type: VerifyType },
    caller: Caller,
  ) => Promise<Result<LinkFollowed, Failure>>
  readonly tradeAuthCode: (
    trade: { readonly code: string; readonly verifier: string },
    caller: Caller,
  ) => Promise<Result<PersonTokens, Failure>>
}

export function bindOneTime(parts: ServiceParts): OneTimeService {
  return {
    signUp: (request, caller) => signUp(parts, request, caller),
    signInAnonymously: (request, caller) => signInAnonymously(parts, request, caller),
    sendSignIn: (request, caller) => sendSignIn(parts, request, caller),
    sendRecovery: (request, caller) => sendRecovery(parts, request, caller),
    resendMessage: (request, caller) => resendMessage(parts, request, caller),
    sendReauthentication: (actor) => sendReauthentication(parts, actor),
    redeemProof: (proof, caller) => redeemProof(parts, proof, caller),
    followLink: (link, caller) => followLink(parts, link, caller),
    tradeAuthCode: (trade, caller) => tradeAuthCode(parts, trade, caller),
  }
}

import type { Revocation } from '../tokens/revocations.ts'
import type { PersonSession } from '../tokens/session.ts'
import type { Also } from './account-store.ts'
import type { SignInChallenge } from './challenge.ts'
import type { Factor } from './factor.ts'
import type { OneTimeToken } from './one-time-token.ts'
import type { RecoveryCode } from './recovery-code.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { UserWithRole } from './user.ts'

/** What was shown of a second factor and judged to be right: a verb that takes it uses it up, or does nothing at all. */
export type FactorProof =
  | { readonly kind: 'totp'; readonly factorId: string; readonly step: number }
  | { readonly kind: 'recovery_code'; readonly codeId: string }
  /** A code that was mailed to somebody who is signed in. */
  | { readonly kind: 'mailed_code'; readonly tokenId: string }

/** The same at a sign-in, where the mailed code is the challenge's own. */
export type SignInProof = FactorProof | { readonly kind: 'email'; readonly codeDigest: string }

/** What stands for a code where a factor is taken away: the live session that a code has raised. */
export interface SessionProof {
  readonly kind: 'session'
  readonly sessionId: string
}

/** The same where an administrator takes it away: who may, was judged before. */
export interface AdministratorProof {
  readonly kind: 'administrator'
}

/** What came of an activation; undefined where the factor, or its code, was not as it was judged. */
export interface FactorActivation {
  /** Whether the recovery codes were added. */
  readonly withCodes: boolean
  readonly revocations: readonly Revocation[]
}

export interface FactorStore {
  /** The factors of a user, the oldest first; those too that were never activated. */
  readonly listFactors: (userId: string) => Promise<readonly Factor[]>
  /** The codes of a user that are not used up. */
  readonly listRecoveryCodes: (userId: string) => Promise<readonly RecoveryCode[]>
  /**
   * Adds a factor that does not count yet, in the place of one of its kind that never came to count; with `instead` only
   * of those that were begun at or before it.
   */
  readonly insertFactor: (
    factor: Factor,
    also: Also & { readonly token: OneTimeToken | undefined; readonly instead?: Date },
  ) => Promise<void>
  /**
   * Makes a factor count, as a new version of its user, so that no sign-in that was judged without it ends well. The
   * recovery codes are added where the user has none left. Factors that do not count yet are gone: they were begun without
   * a code of this one.
   */
  readonly activateFactor: (
    activation: {
      readonly id: string
      readonly userId: string
      readonly proof: FactorProof
      readonly codes: readonly RecoveryCode[]
      /** The session that this is done in. With the first factor all others end: they were opened without it. */
      readonly sessionId: string
      readonly revoke: (sessionId: string) => Revocation
      readonly at: Date
    },
    also: Also,
  ) => Promise<FactorActivation | undefined>
  /**
   * Takes a factor away; one that counts, by a proof alone. With the last one go the recovery codes. Sessions that were
   * raised by a factor are as they were before: whoever has another one left raises them again.
   */
  readonly removeFactor: (
    removal: {
      readonly id: string
      readonly userId: string
      readonly proof: FactorProof | SessionProof | AdministratorProof | undefined
      readonly at: Date
    },
    also: Also,
  ) => Promise<boolean>
  /** Calls a factor otherwise; false when there is none. */
  readonly renameFactor: (factor: Pick<Factor, 'id' | 'userId' | 'name'>) => Promise<boolean>
  /** Puts new codes in the place of all that a user has. */
  readonly replaceRecoveryCodes: (
    renewal: {
      readonly userId: string
      readonly codes: readonly RecoveryCode[]
      readonly proof: FactorProof | undefined
      readonly at: Date
    },
    also: Also,
  ) => Promise<boolean>
  /**
   * Raises a session by a factor, if user, challenge, factor, code and session are still as they were judged. Its refresh
   * token is replaced by one that does not follow from it. All other sessions that have shown less end, and factors that
   * do not count are gone. Answers the revocations; undefined, and nothing done, where something was not as it was.
   */
  readonly raiseSession: (raise: SessionRaise, also: Also) => Promise<readonly Revocation[] | undefined>
  /** The code that was mailed last to somebody who is signed in, while it can be tried; counts this try. */
  readonly takeFactorCodeAttempt: (userId: string, now: Date) => Promise<OneTimeToken | undefined>
}

export interface SessionRaise {
  /** As it is to be from now on. */
  readonly session: PersonSession
  /** The digest of the refresh token that was judged. */
  readonly from: string
  readonly userVersion: number
  readonly challengeId: string
  readonly proof: Extract<FactorProof, { readonly kind: 'totp' }>
  /** Whether the factor comes to count by this. */
  readonly activates: boolean
  readonly signIn: SignInRecord
  readonly at: Date
  readonly revoke: (sessionId: string) => Revocation
}

export interface ChallengeStore {
  readonly insertChallenge: (challenge: SignInChallenge) => Promise<void>
  readonly findChallenge: (
    id: string,
  ) => Promise<(UserWithRole & { readonly challenge: SignInChallenge }) | undefined>
  /** Gives a challenge that is neither used nor over the code that its mail names; false when there is none. */
  readonly setChallengeCode: (
    id: string,
    code: { readonly digest: string; readonly expiresAt: Date; readonly at: Date },
    also: Also,
  ) => Promise<boolean>
  /** Counts a try before anybody looks at it; false when the challenge has none left, is used or over. */
  readonly takeChallengeAttempt: (id: string, now: Date) => Promise<boolean>
  /** Uses challenge and proof up, both or neither; of all who try at once one is told true. */
  readonly passChallenge: (
    passing: { readonly id: string; readonly proof: SignInProof; readonly at: Date },
    also: Also,
  ) => Promise<boolean>
}

import type { AuditEvent } from '../audit/event.ts'
import type { ClaimedMail, MailSettlement } from '../mail/deliver.ts'
import type { Revocation } from '../tokens/revocations.ts'
import type {
  AssuranceLevel,
  PersonSession,
  PersonSessionRotation,
  SessionWithUser,
} from '../tokens/session.ts'
import type { AccountViewStore } from './account-view.ts'
import type { AdministrationStore } from './administration-store.ts'
import type { QueuedMail } from './mail.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from './one-time-token.ts'
import type { OwnAccountStore } from './own-account-store.ts'
import type { Role } from './role.ts'
import type { ChallengeStore, FactorStore } from './second-factor-store.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { Person, User, UserWithRole } from './user.ts'

/** People in the database. What a verb is given beside its subject is committed with it, or not at all. */
export interface AccountStore
  extends RoleStore,
    AdministrationStore,
    AccountViewStore,
    UserStore,
    PersonSessionStore,
    SignInStore,
    FactorStore,
    ChallengeStore,
    OneTimeTokenStore,
    OwnAccountStore,
    MailStore {}

export interface RoleStore {
  readonly findRoleByName: (name: string) => Promise<Role | undefined>
}

export interface UserStore {
  /**
   * Adds a user with what comes of it, or says what of theirs another one has: of both the user name. Of an address that
   * is taken it writes what is to be told of that, by as many statements; of a number alike.
   */
  readonly insertUser: (
    registration: Registration,
  ) => Promise<'inserted' | 'email_taken' | 'phone_taken' | 'username_taken'>
  /** A user by id, deleted ones too. */
  readonly findUser: (id: string) => Promise<UserWithRole | undefined>
  readonly findUserByEmail: (email: string) => Promise<UserWithRole | undefined>
  /** By the number that they sign in with. */
  readonly findUserByPhone: (phone: string) => Promise<UserWithRole | undefined>
  /** What tokens of a person are judged by. */
  readonly findPerson: (id: string) => Promise<Person | undefined>
  /** Whom an identifier means, and whether they have signed in from this device before. */
  readonly findSigner: (identifier: SignerName, device: string) => Promise<Signer | undefined>
  /** Replaces the hash of a password that was made with older parameters, unless it has changed since. */
  readonly rehashPassword: (id: string, hash: { readonly from: string; readonly to: string }) => Promise<void>
}

/** A user to add, and what is written with it: for a new address, and for one that has an account. */
export interface Registration {
  readonly user: User
  /** Undefined where nothing has to be confirmed. */
  readonly token: OneTimeToken | undefined
  readonly event: AuditEvent
  readonly mail: QueuedMail
  readonly knownEvent: AuditEvent
  readonly knownMail: QueuedMail
}

/** A normalised address, a user name in any case, a number in digits, or an id of ours. */
export type SignerName =
  | { readonly kind: 'email'; readonly email: string }
  | { readonly kind: 'username'; readonly username: string }
  | { readonly kind: 'phone'; readonly phone: string }
  | { readonly kind: 'id'; readonly id: string }

export interface Signer extends UserWithRole {
  readonly deviceKnown: boolean
}

/** What is committed with a change: what the audit log says of it, and the mails that tell of it. */
export interface Also {
  readonly event?: AuditEvent | undefined
  readonly mails?: readonly QueuedMail[]
}

export interface PersonSessionStore {
  /**
   * Opens the session of somebody who has proven who they are, if the user is still in the version that was judged;
   * false when it no longer is, or what it redeems was used. Clears what had failed of theirs, and remembers the device.
   */
  readonly openPersonSession: (opening: PersonSessionOpening) => Promise<boolean>
  readonly findPersonSession: (id: string) => Promise<SessionWithUser | undefined>
  /** Rotates if session, user and refresh token are still as they were judged; false when one is not. */
  readonly rotatePersonSession: (id: string, rotation: PersonSessionRotation) => Promise<boolean>
  /** The sessions of a user that live at `now`, the newest first. */
  readonly listPersonSessions: (userId: string, now: Date) => Promise<readonly PersonSession[]>
  /** Ends the live sessions of a user and their tokens; answers the revocations that it made, one for each. */
  readonly endPersonSessions: (
    which: {
      readonly userId: string
      /** Only the one of this id, all but it, or all. */
      readonly scope: 'session' | 'others' | 'all'
      readonly sessionId: string
      /** Only those that were opened with less. */
      readonly below?: AssuranceLevel | undefined
      readonly now: Date
    },
    revoke: (sessionId: string) => Revocation,
  ) => Promise<readonly Revocation[]>
}

export interface PersonSessionOpening extends Also {
  readonly session: PersonSession
  /** Used up with it, or no session is opened. */
  readonly redeems?: Redemption | undefined
  readonly userVersion: number
  readonly signIn: SignInRecord
  /** The digest of the device that is known from now on; undefined where there is no telling. */
  readonly device: string | undefined
  /** Made where the device was not known and others were; the very first one is no news. */
  readonly newDeviceMail: () => QueuedMail
  readonly settled: SettledFailures
}

/** A one-time token to use up, and the contact of its user that is theirs from then on. */
export interface Redemption {
  readonly tokenId: string
  /**
   * Of an account that nothing was confirmed of before, all sessions end with it: nobody knows who opened them.
   */
  readonly confirms: 'email' | 'phone' | undefined
  /** Whether the password of such an account stays, as one that was chosen with the very contact. */
  readonly keepsPassword: boolean
}

/** What becomes of the failures that were counted for an attempt that has come to a good end. */
export interface SettledFailures {
  readonly cleared: readonly string[]
  /** One less each. */
  readonly givenBack: readonly string[]
}

/** The failures of one subject: an address, an account, or both together. */
export interface SignInFailures {
  readonly subject: string
  readonly failures: number
  readonly lastFailedAt: Date
  readonly blockedUntil: Date | undefined
}

export interface SignInStore {
  readonly addSignIn: (record: SignInRecord) => Promise<void>
  /** The sign-ins of a user, the newest first. */
  readonly listSignIns: (
    userId: string,
    page: {
      readonly limit: number
      readonly before: { readonly at: Date; readonly id: string } | undefined
    },
  ) => Promise<readonly SignInRecord[]>
  /**
   * Decides over the failures of some subjects and writes what was decided, one caller at a time of all instances.
   * A subject without failures is decided on with none of them, long ago.
   */
  readonly changeSignInFailures: <T>(
    subjects: readonly string[],
    decide: (found: readonly SignInFailures[]) => {
      readonly write: readonly SignInFailures[]
      readonly outcome: T
    },
  ) => Promise<T>
  readonly settleSignInFailures: (settled: SettledFailures) => Promise<void>
}

/** A password of somebody who may not be the owner of the contact that it goes with. */
export interface PasswordInDoubt {
  readonly passwordHash: string
  readonly at: Date
}

export interface OneTimeTokenStore {
  /**
   * Adds a token, and voids the unused ones of the same user and purpose. Of a user that is not there it adds none. False,
   * and nothing done, where the user is no longer of the version that was judged. A password that is in doubt is taken
   * from whoever has it still, and has confirmed nothing yet.
   */
  readonly insertOneTimeToken: (
    token: OneTimeToken,
    also: Also & { readonly userVersion?: number; readonly doubts?: PasswordInDoubt | undefined },
  ) => Promise<boolean>
  readonly findOneTimeToken: (id: string) => Promise<OneTimeToken | undefined>
  /**
   * Takes one try of the digits of each token of these purposes that may still be used and was sent to a contact, and
   * answers them: so that no number of tries at once is more than there are.
   */
  readonly takeCodeAttempts: (
    which: {
      readonly purposes: readonly OneTimeTokenPurpose[]
      readonly to: { readonly email: string } | { readonly phone: string }
    },
    now: Date,
  ) => Promise<readonly OneTimeToken[]>
  /** Uses a token up and adds the one that comes of it; false, and nothing done, when it was used or its user changed. */
  readonly succeedOneTimeToken: (
    redeems: Redemption,
    successor: OneTimeToken,
    also: Also & { readonly at: Date; readonly userVersion: number },
  ) => Promise<boolean>
  /** Uses one half of a pair up while the other is open; false, and nothing done, when either no longer is. */
  readonly useHalf: (
    half: Pick<OneTimeToken, 'id' | 'userId'>,
    other: { readonly purpose: OneTimeTokenPurpose; readonly at: Date },
  ) => Promise<boolean>
  /** Gives a user the number that a token was sent to; `taken` when it is another one's by now. */
  readonly changePhone: (
    token: Pick<OneTimeToken, 'id' | 'userId' | 'phone'>,
    also: Also & { readonly at: Date },
  ) => Promise<'changed' | 'taken' | undefined>
  /** Confirms the address that a token was mailed to, if token and address are as they were judged. */
  readonly confirmEmail: (
    token: Pick<OneTimeToken, 'id' | 'userId' | 'email'>,
    also: Also & { readonly at: Date },
  ) => Promise<boolean>
}

export interface MailStore {
  /** Puts a mail into the outbox by itself. A mail that tells of a change goes with the verb that makes the change. */
  readonly enqueueMail: (mail: QueuedMail) => Promise<void>
  /** Takes mails that are due, the longest due first, and nobody else gets them before `leaseUntil`. */
  readonly claimMails: (what: {
    readonly now: Date
    readonly leaseUntil: Date
    readonly limit: number
    /** What goes to addresses alone, or to telephones; undefined for both. */
    readonly only?: 'mail' | 'sms' | undefined
  }) => Promise<readonly ClaimedMail[]>
  /** Writes down what came of an attempt, unless a later one has begun; what was said is forgotten with the last. */
  readonly settleMail: (
    claimed: Pick<ClaimedMail, 'id' | 'attempts'>,
    settlement: MailSettlement,
  ) => Promise<void>
  /** What has been neither sent nor given up: how much, and since when the oldest waits. */
  readonly outboxDepth: () => Promise<OutboxDepth>
}

export interface OutboxDepth {
  readonly waiting: number
  readonly oldestAt: Date | undefined
}

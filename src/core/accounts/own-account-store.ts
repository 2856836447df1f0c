import type { AuditEvent } from '../audit/event.ts'
import type { Revocation } from '../tokens/revocations.ts'
import type { Also } from './account-store.ts'
import type { MetadataChange } from './merge-metadata.ts'
import type { OneTimeToken } from './one-time-token.ts'
import type { PersonalData } from './personal-data.ts'
import type { UserProfile, UserWithRole } from './user.ts'

/** What people change of their own accounts. A verb whose user or token is not as it was judged changes nothing. */
export interface OwnAccountStore {
  /** Sets a new password, voids what was mailed to set one, and ends the other sessions; undefined after a lost race. */
  readonly changePassword: (change: PasswordChange) => Promise<readonly Revocation[] | undefined>
  /**
   * The same by a mailed token, which is used up with it: ends all sessions, forgets the known devices, and counts the
   * address as confirmed.
   */
  readonly resetPassword: (reset: PasswordReset) => Promise<readonly Revocation[] | undefined>
  /**
   * Gives a user the address that a token was mailed to; `taken` when it is another one's by now, or is kept for whoever
   * may still undo a change away from it.
   */
  readonly changeEmail: (change: EmailChange) => Promise<'changed' | 'taken' | undefined>
  /**
   * Takes a change of address back: the address of before, no session, and a password that must be reset. Voids all
   * other links but those that undo an earlier change.
   */
  readonly undoEmailChange: (undo: EmailChangeUndo) => Promise<readonly Revocation[] | undefined>
  /**
   * Changes an account by a session, all of it or nothing: a password as above, contacts that count at once, metadata laid
   * over what there is, and tokens that ask for other contacts in the place of earlier ones. Undefined after a lost race.
   */
  readonly changeAccount: (
    change: AccountChange,
  ) => Promise<readonly Revocation[] | 'email_taken' | 'phone_taken' | undefined>
  readonly updateProfile: (
    id: string,
    update: ProfileUpdate & { readonly at: Date },
  ) => Promise<UserWithRole | 'username_taken' | undefined>
  /** Ends an account with all that hangs on it, the clients of its owner too; nothing is lost yet. */
  readonly deleteUser: (deletion: UserDeletion) => Promise<readonly Revocation[] | 'last_admin' | undefined>
  /** The same, and erases at once what there is of the user; of one that was deleted before too. */
  readonly deleteForGood: (
    deletion: Omit<UserDeletion, 'from'> & { readonly erased: AuditEvent },
  ) => Promise<readonly Revocation[] | 'last_admin' | undefined>
  /** Erases what there is of people whose accounts were deleted before a time; answers their ids. */
  readonly eraseUsers: (erasure: UserErasure) => Promise<readonly string[]>
  /** All that is held about a person, and no secret. */
  readonly findPersonalData: (id: string) => Promise<PersonalData | undefined>
}

/** A change that ends sessions; `revoke` makes the revocation of each. */
interface EndsSessions extends Also {
  readonly at: Date
  readonly revoke: (sessionId: string) => Revocation
}

export interface PasswordChange extends EndsSessions {
  readonly userId: string
  /** The hash that was judged. */
  readonly from: string
  readonly to: string
  /** The session that asks, which goes on. */
  readonly sessionId: string
}

export interface AccountChange extends EndsSessions {
  readonly userId: string
  readonly userVersion: number
  /** The session that asks, which goes on. */
  readonly sessionId: string
  readonly passwordHash: string | undefined
  /** Each counts from now on, and its user is known by it. */
  readonly email: string | undefined
  readonly phone: string | undefined
  readonly metadata: MetadataChange | undefined
  /** The token to use up with it. */
  readonly uses: string | undefined
  readonly tokens: readonly OneTimeToken[]
}

export interface PasswordReset extends EndsSessions {
  readonly token: OneTimeToken
  readonly to: string
}

export interface EmailChange extends Also {
  readonly token: OneTimeToken
  /** Undefined where the user has no address yet. */
  readonly from: string | undefined
  readonly to: string
  readonly at: Date
  /** Goes to the address of before; undefined where that was never confirmed, and may be anybody's. */
  readonly undo: OneTimeToken | undefined
}

export interface EmailChangeUndo extends EndsSessions {
  readonly token: OneTimeToken
  readonly to: string
  /** Lets the owner set a password that nobody else knows. */
  readonly reset: OneTimeToken
}

/** Undefined leaves a field as it is, null empties it. */
export type ProfileUpdate = {
  readonly [K in Exclude<keyof UserProfile, 'metadata'> | 'username']: string | null | undefined
} & Partial<Pick<UserProfile, 'metadata'>>

export interface UserDeletion extends Also {
  readonly userId: string
  /** The password's hash that was judged; undefined where somebody else deletes. */
  readonly from: string | undefined
  /** Whether address and number are anybody's from now on, and are not restored. */
  readonly freesContact?: boolean
  readonly at: Date
  readonly revoke: (of: Pick<Revocation, 'kind' | 'subject'>) => Revocation
}

export interface UserErasure {
  readonly deletedBefore: Date
  readonly at: Date
  readonly limit: number
  readonly event: (userId: string) => AuditEvent
}

import type { AuditEvent } from '../audit/event.ts'
import type { Client } from '../clients/client.ts'
import type { ApiKey } from '../keys/api-key.ts'
import type { Replay } from '../keys/idempotency.ts'
import type { Page } from '../page.ts'
import type { Revocation } from '../tokens/revocations.ts'
import type { Also } from './account-store.ts'
import type { AccountRecord } from './account-view.ts'
import type { Factor } from './factor.ts'
import type { Identity } from './identity.ts'
import type { MetadataChange } from './merge-metadata.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from './one-time-token.ts'
import type { Role } from './role.ts'
import type { User, UserWithRole } from './user.ts'

/** Roles and people as administrators change them. */
export interface AdministrationStore {
  readonly findRole: (id: string) => Promise<Role | undefined>
  readonly listRoles: (page: Page) => Promise<readonly Role[]>
  /** Adds a role; false when its name is taken. */
  readonly insertRole: (role: Role) => Promise<boolean>
  /** Writes the role if the store still has the version before it. */
  readonly replaceRole: (role: Role) => Promise<'replaced' | 'stale' | 'name_taken'>
  /** Deletes a role of this version that nobody has. Those who were erased have none that counts. */
  readonly deleteRole: (role: Pick<Role, 'id' | 'version'>) => Promise<'deleted' | 'stale' | 'in_use'>

  /**
   * The client that holds a person's own keys: the oldest of theirs that is bounded by nothing but its owner. Adds the
   * one that is given where there is none; undefined where there is no such person.
   */
  readonly ownClient: (ownerId: string, fresh: Client) => Promise<Client | undefined>
  /**
   * Adds a key of a person's own, if they have room for it. False where its replay is there already, as for `insertKey`;
   * of all who take the last room at once one has it.
   */
  readonly insertOwnKey: (key: ApiKey, room: OwnKeyRoom) => Promise<boolean | 'too_many'>
  /** The keys of all clients of a person, in the order of creation. */
  readonly listOwnedKeys: (ownerId: string, page: Page) => Promise<readonly ApiKey[]>

  /** Those who were not erased, in the order of creation. */
  readonly listUsers: (page: Page) => Promise<readonly UserWithRole[]>
  /** The accounts of a page with what hangs on them, but for the erased, and how many there are in all. */
  readonly pageAccounts: (page: AccountPage) => Promise<AccountsOfPage>
  /**
   * Adds a user with what comes of it, if the role is still in the version that was judged; `email_kept` where the address
   * is kept for whoever may still undo a change away from it.
   */
  readonly addUser: (
    user: User,
    also: Also & { readonly roleVersion: number; readonly token: OneTimeToken | undefined },
  ) => Promise<
    'added' | 'email_taken' | 'email_kept' | 'phone_taken' | 'username_taken' | 'user_id_taken' | 'stale'
  >
  /** Who has one of some ids, addresses, user names or numbers. */
  readonly findUsersLike: (names: {
    readonly ids: readonly string[]
    readonly emails: readonly string[]
    readonly usernames: readonly string[]
    readonly phones: readonly string[]
  }) => Promise<readonly Pick<User, 'id' | 'email' | 'username' | 'signInPhone'>[]>
  /** Which of some identities somebody has. */
  readonly findIdentitiesLike: (
    names: readonly Pick<Identity, 'provider' | 'providerId'>[],
  ) => Promise<readonly Pick<Identity, 'provider' | 'providerId'>[]>
  /**
   * Adds many users with what is theirs, and the event that tells of it; false, and nothing added, when something of it
   * is taken.
   */
  readonly addUsers: (
    users: readonly User[],
    event: AuditEvent,
    theirs?: { readonly identities: readonly Identity[]; readonly factors: readonly Factor[] },
  ) => Promise<boolean>
  /** Changes a user of the version that was judged, with all that comes of it. */
  readonly changeUser: (change: UserChange) => Promise<UserChangeOutcome>
  /** Lets an invited user in: uses up the link, sets what they have chosen, and confirms the address. */
  readonly acceptInvite: (
    token: Pick<OneTimeToken, 'id' | 'userId' | 'email'>,
    chosen: InviteAnswer,
  ) => Promise<'accepted' | 'invalid' | 'username_taken'>
}

/** By their place in a list, as callers of some faces page. */
export interface AccountPage {
  readonly offset: number
  readonly limit: number
  /** What the address has in it, in lower case; undefined for everybody. */
  readonly emailPart: string | undefined
  readonly order: 'newest' | 'oldest'
}

export interface AccountsOfPage {
  readonly records: readonly AccountRecord[]
  readonly total: number
}

export interface OwnKeyRoom {
  readonly ownerId: string
  /** How many keys may live on their clients that are bounded by nothing but their owner. */
  readonly max: number
  readonly replay: Replay | undefined
  readonly now: Date
}

/** What somebody who follows an invitation says of themselves; what is undefined stays as it was. */
export interface InviteAnswer extends Also {
  readonly at: Date
  readonly passwordHash: string
  readonly profile: UserProfileChange
}

/** What people say of themselves; undefined leaves a field as it is, null empties it. */
export interface UserProfileChange {
  readonly username?: string | null | undefined
  readonly name?: string | null | undefined
  readonly surname?: string | null | undefined
  readonly phone?: string | null | undefined
  readonly locale?: string | null | undefined
  readonly avatarUrl?: string | null | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** What a sign-in or a token is judged by; undefined leaves a field as it is, null empties it. */
export interface UserStandingChange {
  readonly roleId?: string | undefined
  readonly disabledAt?: Date | null | undefined
  readonly deletedAt?: Date | null | undefined
  readonly bannedUntil?: Date | null | undefined
  readonly mustResetPassword?: boolean | undefined
  /** Another one voids what was mailed to the one of before. */
  readonly email?: string | undefined
  readonly emailConfirmedAt?: Date | undefined
  readonly signInPhone?: string | undefined
  readonly phoneConfirmedAt?: Date | undefined
  /** Another one voids what was asked for by the one of before. */
  readonly passwordHash?: string | undefined
  readonly passwordChangedAt?: Date | undefined
  readonly isAnonymous?: boolean | undefined
  readonly claimRole?: string | undefined
  readonly invitedAt?: Date | undefined
}

export interface UserChange extends Also {
  readonly id: string
  /** When; undefined leaves the time of the last change as it was. */
  readonly at?: Date | undefined
  /** The version of the user that was judged. */
  readonly version: number
  readonly profile?: UserProfileChange | undefined
  readonly standing?: UserStandingChange | undefined
  /** The version of the role that is given, as it was judged. */
  readonly roleVersion?: number | undefined
  /** Ends the sessions of the user and their tokens; with the user as a whole the links too. */
  readonly ending?: UserEnding | undefined
  /** Takes away all second factors, those too that never came to count, and the recovery codes. */
  readonly clearsFactors?: boolean | undefined
  /** What is laid over what is noted of them, by themselves and by the operator's programs. */
  readonly metadata?: MetadataChange | undefined
  readonly appMetadata?: MetadataChange | undefined
  /** A link that is mailed; those of its purpose from before are void. */
  readonly token?: OneTimeToken | undefined
  /** Further ones. */
  readonly tokens?: readonly OneTimeToken[]
  /** The purposes of which what was made before is void, whether or not it is made anew. */
  readonly voids?: readonly OneTimeTokenPurpose[]
}

export interface UserEnding {
  readonly now: Date
  /** Of the user as a whole; undefined where only the sessions end. */
  readonly user: Revocation | undefined
  readonly session: (sessionId: string) => Revocation
}

export type UserChangeOutcome =
  | { readonly kind: 'written'; readonly revocations: readonly Revocation[] }
  /** The user, or the role, is no longer as it was judged. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'email_taken' | 'phone_taken' | 'username_taken' }
  /** Nobody would be left who can administer. */
  | { readonly kind: 'last_admin' }

import type { Role } from './role.ts'

/** What people say of themselves. */
export interface UserProfile {
  readonly name: string | undefined
  readonly surname: string | undefined
  readonly phone: string | undefined
  /** A BCP 47 language tag. */
  readonly locale: string | undefined
  readonly avatarUrl: string | undefined
  /** The owner's own notes; up to 16 KiB of JSON. */
  readonly metadata: Readonly<Record<string, unknown>>
}

/** A person who can sign in. */
export interface User extends UserProfile {
  readonly id: string
  /** Normalised, as `parseEmail` leaves it; undefined of those who have none. */
  readonly email: string | undefined
  /** As its owner writes it; unique without regard to case. */
  readonly username: string | undefined
  /** In the PHC string format; undefined until an invited user sets a password. */
  readonly passwordHash: string | undefined
  readonly roleId: string
  readonly createdAt: Date
  readonly emailConfirmedAt: Date | undefined
  readonly disabledAt: Date | undefined
  /** From then on it can be restored for a while, and nobody else can have its address. */
  readonly deletedAt: Date | undefined
  /** When nothing of the person was left but the id. */
  readonly erasedAt: Date | undefined
  /** Sessions from before this time are no longer good. */
  readonly notBefore: Date | undefined
  readonly passwordChangedAt: Date | undefined
  /** True where the password may not be used again before it is reset. */
  readonly mustResetPassword: boolean
  /** Counts the changes of what a sign-in or a token is judged by, so that a judgement can be tied to what it saw. */
  readonly version: number
  /** The number that codes are sent to: digits alone. */
  readonly signInPhone: string | undefined
  readonly phoneConfirmedAt: Date | undefined
  /** True of somebody who has not said who they are. */
  readonly isAnonymous: boolean
  /** Up to then nothing is admitted of theirs. */
  readonly bannedUntil: Date | undefined
  /** What the operator's own programs keep of them; they cannot write it. */
  readonly appMetadata: Readonly<Record<string, unknown>>
  /** The `role` of tokens of the Supabase face, by which databases choose their own. */
  readonly claimRole: string
  readonly updatedAt: Date
  readonly lastSignInAt: Date | undefined
  readonly invitedAt: Date | undefined
}

export interface UserWithRole {
  readonly user: User
  readonly role: Role
}

/** What a live token of a person is judged by: little enough to be remembered of many. */
export interface Person {
  readonly id: string
  readonly role: Pick<Role, 'id' | 'name' | 'permissions' | 'secondFactorRequired'>
  readonly disabledAt: Date | undefined
  readonly deletedAt: Date | undefined
  readonly bannedUntil: Date | undefined
  readonly notBefore: Date | undefined
  readonly version: number
}

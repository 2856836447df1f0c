import type { Factor } from './factor.ts'
import type { Identity } from './identity.ts'
import type { NewUser } from './new-user.ts'
import type { PasswordScheme } from './passwords.ts'
import type { User } from './user.ts'

/** Somebody who had an account elsewhere. */
export interface ImportedUser extends NewUser {
  /** The place in the file, counted from 0. */
  readonly row: number
  /** Undefined gives them a fresh one. */
  readonly id: string | undefined
  /** As another system made it; undefined for whoever is to be invited. */
  readonly passwordHash: string | undefined
  readonly emailConfirmedAt: Date | undefined
  readonly createdAt: Date | undefined
  /** The name of the role; undefined takes that of those who register. */
  readonly role: string | undefined
  /** What only some systems know of a person; the rest is as of somebody new. */
  readonly standing: Partial<ImportedStanding>
  readonly identities: readonly ImportedIdentity[]
  readonly factors: readonly ImportedFactor[]
}

export type ImportedStanding = Pick<
  User,
  | 'signInPhone'
  | 'phoneConfirmedAt'
  | 'isAnonymous'
  | 'bannedUntil'
  | 'deletedAt'
  | 'appMetadata'
  | 'claimRole'
  | 'updatedAt'
  | 'lastSignInAt'
  | 'invitedAt'
>

export interface ImportedIdentity
  extends Pick<Identity, 'provider' | 'providerId' | 'data' | 'lastSignInAt'> {
  /** Undefined gives it a fresh one. */
  readonly id: string | undefined
  readonly createdAt: Date | undefined
  readonly updatedAt: Date | undefined
}

/** An authenticator app; its secret is sealed here. */
export interface ImportedFactor extends Pick<Factor, 'id' | 'name' | 'activatedAt'> {
  readonly secret: string
  readonly createdAt: Date | undefined
}

/** What is wrong with a row, by its place in the file; it never quotes a hash or a secret. */
export interface ImportFault {
  readonly row: number
  readonly field: string
  readonly problem: string
}

export interface ImportPlan {
  readonly added: readonly PlannedUser[]
  /** Those who have an account here already; they are left as they are. */
  readonly known: readonly Pick<User, 'id' | 'email' | 'signInPhone'>[]
  /** What was left out, and why. */
  readonly skipped: readonly ImportFault[]
}

/** Somebody who is added, or would be. */
export interface PlannedUser extends Pick<User, 'id' | 'email' | 'signInPhone'> {
  /** Undefined of somebody without one. */
  readonly password: PasswordScheme | undefined
  /** The providers of the identities that are kept. */
  readonly identities: readonly string[]
  /** How many authenticator apps are kept. */
  readonly factors: number
}

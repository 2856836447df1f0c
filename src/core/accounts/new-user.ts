import type { User, UserProfile } from './user.ts'

/** What tokens of the Supabase face call everybody who is signed in. */
export const defaultClaimRole = 'authenticated'

export interface NewUser extends UserProfile {
  readonly email: string | undefined
  readonly username: string | undefined
}

/** A user as one begins: with an address that nobody has confirmed. */
export function newUser(
  { email, username, name, surname, phone, locale, avatarUrl, metadata }: NewUser,
  of: {
    readonly id: string
    readonly roleId: string
    readonly passwordHash: string | undefined
    readonly now: Date
  },
): User {
  return {
    id: of.id,
    email,
    username,
    passwordHash: of.passwordHash,
    roleId: of.roleId,
    createdAt: of.now,
    name,
    surname,
    phone,
    locale,
    avatarUrl,
    metadata,
    emailConfirmedAt: undefined,
    disabledAt: undefined,
    deletedAt: undefined,
    erasedAt: undefined,
    notBefore: undefined,
    passwordChangedAt: of.passwordHash === undefined ? undefined : of.now,
    mustResetPassword: false,
    version: 1,
    signInPhone: undefined,
    phoneConfirmedAt: undefined,
    isAnonymous: false,
    bannedUntil: undefined,
    appMetadata: {},
    claimRole: defaultClaimRole,
    updatedAt: of.now,
    lastSignInAt: undefined,
    invitedAt: undefined,
  }
}

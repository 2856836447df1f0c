import type { User, UserProfile } from './user.ts'

export interface NewUser extends UserProfile {
  readonly email: string
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
  }
}

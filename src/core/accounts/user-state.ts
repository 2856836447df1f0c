import type { User } from './user.ts'

export const userStates = ['active', 'invited', 'disabled', 'deleted', 'erased'] as const
export type UserState = (typeof userStates)[number]

/** The state of an account: a function of its times. Whoever is invited has no password, and has never been here. */
export function userState({
  erasedAt,
  deletedAt,
  disabledAt,
  passwordHash,
  lastSignInAt,
}: Pick<User, 'erasedAt' | 'deletedAt' | 'disabledAt' | 'passwordHash' | 'lastSignInAt'>): UserState {
  if (erasedAt !== undefined) return 'erased'
  if (deletedAt !== undefined) return 'deleted'
  if (disabledAt !== undefined) return 'disabled'
  return passwordHash === undefined && lastSignInAt === undefined ? 'invited' : 'active'
}

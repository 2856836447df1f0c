import type { User } from './user.ts'

export const userStates = ['active', 'invited', 'disabled', 'deleted', 'erased'] as const
export type UserState = (typeof userStates)[number]

/** The state of an account: a function of its times. Whoever is invited has no password yet. */
export function userState({
  erasedAt,
  deletedAt,
  disabledAt,
  passwordHash,
}: Pick<User, 'erasedAt' | 'deletedAt' | 'disabledAt' | 'passwordHash'>): UserState {
  if (erasedAt !== undefined) return 'erased'
  if (deletedAt !== undefined) return 'deleted'
  if (disabledAt !== undefined) return 'disabled'
  return passwordHash === undefined ? 'invited' : 'active'
}

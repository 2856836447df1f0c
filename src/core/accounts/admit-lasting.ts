import type { Failure } from '../failure.ts'
import type { Policy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import type { User } from './user.ts'

/**
 * Says whether an account may be given what outlives a reset of its password: a factor, a key. Before its address is
 * confirmed it may be a stranger's, who would keep both when its owner takes it over; unless nobody is asked to confirm.
 */
export function admitLasting(
  { accounts }: Pick<Policy, 'accounts'>,
  { id, emailConfirmedAt }: Pick<User, 'id' | 'emailConfirmedAt'>,
): Result<void, Failure> {
  const isOwners = emailConfirmedAt !== undefined || accounts.emailConfirmation === 'off'
  return isOwners ? ok(undefined) : fail({ reason: 'email_unconfirmed', userId: id })
}

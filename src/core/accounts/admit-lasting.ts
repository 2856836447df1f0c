import type { Failure } from '../failure.ts'
import type { Policy } from '../policy.ts'
import { fail, ok, type Result } from '../result.ts'
import type { User } from './user.ts'

/**
 * Says whether an account may be given what outlives a reset of its password: a factor, a key. Before its address is
 * confirmed it may be a stranger's, who would keep both when its owner takes it over; unless nobody is asked to confirm.
 * Who has no address is known by a number.
 */
export function admitLasting(
  { accounts }: Pick<Policy, 'accounts'>,
  { id, email, emailConfirmedAt, phoneConfirmedAt }: Pick<User, Named>,
): Result<void, Failure> {
  const confirmedAt = email === undefined ? phoneConfirmedAt : emailConfirmedAt
  const isOwners = confirmedAt !== undefined || accounts.emailConfirmation === 'off'
  return isOwners ? ok(undefined) : fail({ reason: 'email_unconfirmed', userId: id })
}

type Named = 'id' | 'email' | 'emailConfirmedAt' | 'phoneConfirmedAt'

import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { User } from './user.ts'

/** Says whether a user may be here at all. Only the user's own secret is proof enough to be told. */
export function admitUser(
  { id, disabledAt, deletedAt, bannedUntil }: Pick<User, 'id' | 'disabledAt' | 'deletedAt' | 'bannedUntil'>,
  now: Date,
): Result<void, Failure> {
  if (deletedAt !== undefined) return fail({ reason: 'user_deleted', userId: id })
  if (disabledAt !== undefined) return fail({ reason: 'user_disabled', userId: id })
  if (bannedUntil !== undefined && bannedUntil > now) {
    return fail({ reason: 'user_banned', userId: id, bannedUntil })
  }
  return ok(undefined)
}

import { newProfile } from '../core/accounts/application-profile.ts'
import type { User } from '../core/accounts/user.ts'
import { users } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { profiles } from './identities-schema.ts'

/**
 * Adds users, each with its profile: the one place where a user begins, whatever the face. Answers the ids of those that
 * were added; whoever has something that is another's is not, where `clash` says so, and else nobody is.
 */
export async function addUserRows(
  tx: Pick<Database, 'insert'>,
  added: readonly User[],
  { clash = 'throws' }: { readonly clash?: 'throws' | 'skips' } = {},
): Promise<ReadonlySet<string>> {
  if (added.length === 0) return new Set()
  const insertion = tx.insert(users).values([...added])
  const rows = await (clash === 'skips' ? insertion.onConflictDoNothing() : insertion).returning({
    id: users.id,
  })
  const ids = new Set(rows.map(({ id }) => id))
  const withProfile = added.filter(({ id }) => ids.has(id)).map(newProfile)
  if (withProfile.length > 0) await tx.insert(profiles).values(withProfile)
  return ids
}

import { or, sql } from 'drizzle-orm'
import type { AdministrationStore } from '../core/accounts/administration-store.ts'
import { users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './store-error.ts'
import { addUserRows } from './user-rows.ts'

/** A statement has room for 65535 values, and a user has some twenty. */
const ROWS_PER_STATEMENT = 1000

export function importedUserStore(db: Database): Pick<AdministrationStore, 'findUsersLike' | 'addUsers'> {
  return {
    async findUsersLike({ ids, emails, usernames }) {
      const lower = usernames.map((name) => name.toLowerCase())
      const rows = await db
        .select({ id: users.id, email: users.email, username: users.username })
        .from(users)
        .where(
          or(
            sql`${users.id} = any(${arrayText(ids)}::uuid[])`,
            sql`${users.email} = any(${arrayText(emails)}::text[])`,
            sql`lower(${users.username}) = any(${arrayText(lower)}::text[])`,
          ),
        )
      return rows.map(({ id, email, username }) => ({
        id,
        email: email ?? undefined,
        username: username ?? undefined,
      }))
    },

    async addUsers(added, event) {
      try {
        await db.transaction(async (tx) => {
          for (let from = 0; from < added.length; from += ROWS_PER_STATEMENT) {
            await addUserRows(tx, added.slice(from, from + ROWS_PER_STATEMENT))
          }
          await addAlso(tx, { event })
        })
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },
  }
}

import { or, sql } from 'drizzle-orm'
import type { AdministrationStore } from '../core/accounts/administration-store.ts'
import { factors, users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'
import { identities } from './identities-schema.ts'
import { isUniqueViolation } from './store-error.ts'
import { addUserRows } from './user-rows.ts'

/** A statement has room for 65535 values, and a user has some twenty. */
const ROWS_PER_STATEMENT = 1000

export function importedUserStore(
  db: Database,
): Pick<AdministrationStore, 'findUsersLike' | 'findIdentitiesLike' | 'addUsers'> {
  return {
    async findUsersLike({ ids, emails, usernames, phones }) {
      const lower = usernames.map((name) => name.toLowerCase())
      const rows = await db
        .select({
          id: users.id,
          email: users.email,
          username: users.username,
          signInPhone: users.signInPhone,
        })
        .from(users)
        .where(
          or(
            sql`${users.id} = any(${arrayText(ids)}::uuid[])`,
            sql`${users.email} = any(${arrayText(emails)}::text[])`,
            sql`lower(${users.username}) = any(${arrayText(lower)}::text[])`,
            sql`${users.signInPhone} = any(${arrayText(phones)}::text[])`,
          ),
        )
      return rows.map(({ id, email, username, signInPhone }) => ({
        id,
        email: email ?? undefined,
        username: username ?? undefined,
        signInPhone: signInPhone ?? undefined,
      }))
    },

    async findIdentitiesLike(names) {
      if (names.length === 0) return []
      const providers = arrayText(names.map(({ provider }) => provider))
      const ids = arrayText(names.map(({ providerId }) => providerId))
      return db
        .select({ provider: identities.provider, providerId: identities.providerId })
        .from(identities)
        .where(
          sql`(${identities.provider}, ${identities.providerId}) in
            (select * from unnest(${providers}::text[], ${ids}::text[]))`,
        )
    },

    async addUsers(added, event, theirs) {
      try {
        await db.transaction(async (tx) => {
          for (const some of inParts(added)) await addUserRows(tx, some)
          for (const some of inParts(theirs?.identities ?? [])) await tx.insert(identities).values([...some])
          for (const some of inParts(theirs?.factors ?? [])) await tx.insert(factors).values([...some])
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

function inParts<T>(all: readonly T[]): readonly (readonly T[])[] {
  const parts = Math.ceil(all.length / ROWS_PER_STATEMENT)
  return Array.from({ length: parts }, (_, index) =>
    all.slice(index * ROWS_PER_STATEMENT, (index + 1) * ROWS_PER_STATEMENT),
  )
}

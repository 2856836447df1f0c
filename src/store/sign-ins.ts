import { and, desc, eq, lt, or } from 'drizzle-orm'
import type { SignInStore } from '../core/accounts/account-store.ts'
import type { SignInRecord } from '../core/accounts/sign-in-record.ts'
import { signIns } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { signInFailureStore } from './sign-in-failures.ts'

export function signInStore(db: Database): SignInStore {
  return {
    ...signInFailureStore(db),

    async addSignIn(record) {
      await db.insert(signIns).values(record)
    },

    async listSignIns(userId, { limit, before }) {
      const rows = await db
        .select()
        .from(signIns)
        .where(
          and(
            eq(signIns.userId, userId),
            before &&
              or(lt(signIns.at, before.at), and(eq(signIns.at, before.at), lt(signIns.id, before.id))),
          ),
        )
        .orderBy(desc(signIns.at), desc(signIns.id))
        .limit(limit)
      return rows.map(recordOf)
    },
  }
}

export function recordOf(row: typeof signIns.$inferSelect): SignInRecord {
  return {
    ...row,
    userId: row.userId ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
    requestId: row.requestId ?? undefined,
  }
}

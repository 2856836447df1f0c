import { and, eq, isNull, sql } from 'drizzle-orm'
import type { OneTimeTokenStore } from '../core/accounts/account-store.ts'
import type { OneTimeToken } from '../core/accounts/one-time-token.ts'
import { oneTimeTokens, users } from './accounts-schema.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'

export function oneTimeTokenStore(db: Database): OneTimeTokenStore {
  return {
    insertOneTimeToken: (token, also) =>
      db.transaction(async (tx) => {
        await voidOneTimeTokens(tx, token)
        await addOneTimeToken(tx, token)
        await addAlso(tx, also)
      }),

    async findOneTimeToken(id) {
      const [row] = await db.select().from(oneTimeTokens).where(eq(oneTimeTokens.id, id))
      return row && tokenOf(row)
    },

    confirmEmail: ({ id, userId, email }, { at, ...also }) =>
      db.transaction(async (tx) => {
        if (email === undefined || !(await useOneTimeToken(tx, { id, at }))) return false
        const confirmed = await tx
          .update(users)
          .set({
            emailConfirmedAt: sql`coalesce(${users.emailConfirmedAt}, ${at.toISOString()}::timestamptz)`,
          })
          .where(and(eq(users.id, userId), eq(users.email, email), isNull(users.deletedAt)))
          .returning({ id: users.id })
        if (confirmed.length === 0) return false
        await addAlso(tx, also)
        return true
      }),
  }
}

/** Adds a token within the transaction of what it is for; none where there is no such user. */
export async function addOneTimeToken(tx: Pick<Database, 'execute'>, token: OneTimeToken): Promise<void> {
  await tx.execute(sql`insert into one_time_tokens (id, user_id, purpose, digest, email, created_at, expires_at)
    select ${token.id}::uuid, id_user, ${token.purpose}, ${token.digest}, ${token.email ?? null},
      ${token.createdAt.toISOString()}::timestamptz, ${token.expiresAt.toISOString()}::timestamptz
    from users where id_user = ${token.userId}::uuid`)
}

/** Uses a token up, within the transaction of what it allows; false when somebody else has, or when it is over. */
export async function useOneTimeToken(
  tx: Pick<Database, 'update'>,
  { id, at }: { readonly id: string; readonly at: Date },
): Promise<boolean> {
  const used = await tx
    .update(oneTimeTokens)
    .set({ usedAt: at })
    .where(
      and(
        eq(oneTimeTokens.id, id),
        isNull(oneTimeTokens.usedAt),
        sql`${oneTimeTokens.expiresAt} > ${at.toISOString()}::timestamptz`,
      ),
    )
    .returning({ id: oneTimeTokens.id })
  return used.length === 1
}

/** Voids the unused tokens of a user, of one purpose or, without one, of all. */
export async function voidOneTimeTokens(
  tx: Pick<Database, 'delete'>,
  { userId, purpose }: { readonly userId: string; readonly purpose?: OneTimeToken['purpose'] },
): Promise<void> {
  await tx
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.userId, userId),
        isNull(oneTimeTokens.usedAt),
        purpose && eq(oneTimeTokens.purpose, purpose),
      ),
    )
}

function tokenOf(row: typeof oneTimeTokens.$inferSelect): OneTimeToken {
  return {
    ...row,
    email: row.email ?? undefined,
    usedAt: row.usedAt ?? undefined,
    attemptsLeft: row.attemptsLeft ?? undefined,
  }
}

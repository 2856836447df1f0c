import { and, eq, gte, isNull, notInArray, sql } from 'drizzle-orm'
import type { OneTimeTokenStore } from '../core/accounts/account-store.ts'
import type { OneTimeToken } from '../core/accounts/one-time-token.ts'
import { oneTimeTokens, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'

export function oneTimeTokenStore(db: Database): OneTimeTokenStore {
  return {
    insertOneTimeToken: (token, { userVersion, ...also }) =>
      db.transaction(async (tx) => {
        // Held to the commit: of two who ask at once the second one voids what the first one added.
        const [user] = await tx
          .select({ version: users.version })
          .from(users)
          .where(eq(users.id, token.userId))
          .for('no key update')
        if (userVersion !== undefined && user?.version !== userVersion) return false
        await voidOneTimeTokens(tx, { userId: token.userId, purpose: token.purpose })
        await addOneTimeToken(tx, token)
        await addAlso(tx, also)
        return true
      }),

    async findOneTimeToken(id) {
      const [row] = await db.select().from(oneTimeTokens).where(eq(oneTimeTokens.id, id))
      return row && tokenOf(row)
    },

    async confirmEmail({ id, userId, email }, { at, ...also }) {
      if (email === undefined) return false
      const done = await allOrNothing(db, async (tx) => {
        // The user first and the token then, as everywhere: who did it the other way round would wait for each other.
        const confirmed = await tx
          .update(users)
          .set({
            emailConfirmedAt: sql`coalesce(${users.emailConfirmedAt}, ${at.toISOString()}::timestamptz)`,
            updatedAt: at,
          })
          .where(and(eq(users.id, userId), eq(users.email, email), isNull(users.deletedAt)))
          .returning({ id: users.id })
        if (confirmed.length === 0 || !(await useOneTimeToken(tx, { id, at }))) return undefined
        await addAlso(tx, also)
        return true
      })
      return done === true
    },
  }
}

/** Adds a token within the transaction of what it is for; none where there is no such user. */
export async function addOneTimeToken(tx: Pick<Database, 'execute'>, token: OneTimeToken): Promise<void> {
  await tx.execute(sql`insert into one_time_tokens (id, user_id, purpose, digest, email, created_at, expires_at,
      attempts_left, code_digest, phone, code_challenge, code_challenge_method, method, redirect_to)
    select ${token.id}::uuid, id_user, ${token.purpose}, ${token.digest}, ${token.email ?? null},
      ${token.createdAt.toISOString()}::timestamptz, ${token.expiresAt.toISOString()}::timestamptz,
      ${token.attemptsLeft ?? null}::integer, ${token.codeDigest ?? null}, ${token.phone ?? null},
      ${token.codeChallenge ?? null}, ${token.codeChallengeMethod ?? null}, ${token.method ?? null},
      ${token.redirectTo ?? null}
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

/** Voids the unused tokens of a user: of one purpose, of all but some, and from some time on. */
export async function voidOneTimeTokens(
  tx: Pick<Database, 'delete'>,
  {
    userId,
    purpose,
    but = [],
    from,
  }: {
    readonly userId: string
    readonly purpose?: OneTimeToken['purpose']
    readonly but?: readonly OneTimeToken['purpose'][]
    readonly from?: Date
  },
): Promise<void> {
  await tx
    .delete(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.userId, userId),
        isNull(oneTimeTokens.usedAt),
        purpose && eq(oneTimeTokens.purpose, purpose),
        but.length > 0 ? notInArray(oneTimeTokens.purpose, [...but]) : undefined,
        from && gte(oneTimeTokens.createdAt, from),
      ),
    )
}

/**
 * Voids what was asked for with a password that is over. A link that undoes a change of address stays: a thief who has
 * changed both must not keep the owner out.
 */
export async function voidPasswordLinks(tx: Pick<Database, 'delete'>, userId: string): Promise<void> {
  await voidOneTimeTokens(tx, { userId, but: ['email-undo', 'email-confirm'] })
}

export function tokenOf(row: typeof oneTimeTokens.$inferSelect): OneTimeToken {
  return {
    ...row,
    email: row.email ?? undefined,
    usedAt: row.usedAt ?? undefined,
    attemptsLeft: row.attemptsLeft ?? undefined,
    codeDigest: row.codeDigest ?? undefined,
    phone: row.phone ?? undefined,
    codeChallenge: row.codeChallenge ?? undefined,
    codeChallengeMethod: row.codeChallengeMethod ?? undefined,
    method: row.method ?? undefined,
    redirectTo: row.redirectTo ?? undefined,
  }
}

import { and, eq, gt, gte, inArray, isNull, notInArray, sql } from 'drizzle-orm'
import type { OneTimeTokenStore, Redemption } from '../core/accounts/account-store.ts'
import type { OneTimeToken } from '../core/accounts/one-time-token.ts'
import { oneTimeTokens, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import { announce } from './announcements.ts'
import type { Database } from './database.ts'
import { isUniqueViolation } from './store-error.ts'
import { beginnings, hasBegun, takePassword } from './unproven-accounts.ts'

export function oneTimeTokenStore(db: Database): OneTimeTokenStore {
  return {
    insertOneTimeToken: (token, { userVersion, doubts, ...also }) =>
      db.transaction(async (tx) => {
        // Held to the commit: of two who ask at once the second one voids what the first one added.
        const [user] = await tx
          .select({ version: users.version })
          .from(users)
          .where(eq(users.id, token.userId))
          .for('no key update')
        if (userVersion !== undefined && user?.version !== userVersion) return false
        await voidOneTimeTokens(tx, { userId: token.userId, purpose: token.purpose })
        if (doubts !== undefined) await takePassword(tx, token.userId, doubts)
        await addOneTimeToken(tx, token)
        await addAlso(tx, also)
        return true
      }),

    async findOneTimeToken(id) {
      const [row] = await db.select().from(oneTimeTokens).where(eq(oneTimeTokens.id, id))
      return row && tokenOf(row)
    },

    async takeCodeAttempts({ purposes, to }, now) {
      const sentTo = 'email' in to ? eq(oneTimeTokens.email, to.email) : eq(oneTimeTokens.phone, to.phone)
      const has = 'email' in to ? eq(users.email, to.email) : eq(users.signInPhone, to.phone)
      // By whose contact it is, where that is known: their tokens are few, and there is an index.
      const isTheirs = inArray(oneTimeTokens.userId, db.select({ id: users.id }).from(users).where(has))
      const rows = await db
        .update(oneTimeTokens)
        .set({ attemptsLeft: sql`${oneTimeTokens.attemptsLeft} - 1` })
        .where(
          and(
            sentTo,
            purposes.some((purpose) => changes.has(purpose)) ? undefined : isTheirs,
            inArray(oneTimeTokens.purpose, [...purposes]),
            isNull(oneTimeTokens.usedAt),
            gt(oneTimeTokens.expiresAt, now),
            gt(oneTimeTokens.attemptsLeft, 0),
          ),
        )
        .returning()
      return rows.map(tokenOf)
    },

    async succeedOneTimeToken(redeems, successor, { at, userVersion, ...also }) {
      const done = await allOrNothing(db, async (tx) => {
        if (!(await redeem(tx, redeems, { userId: successor.userId, userVersion, at }))) return undefined
        await addOneTimeToken(tx, successor)
        await addAlso(tx, also)
        return true
      })
      return done === true
    },

    async useHalf({ id, userId }, { purpose, at }) {
      const done = await allOrNothing(db, async (tx) => {
        // Held to the commit: of two halves that come at once the second one sees that the first is used.
        await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
        const [other] = await tx
          .select({ id: oneTimeTokens.id })
          .from(oneTimeTokens)
          .where(
            and(
              eq(oneTimeTokens.userId, userId),
              eq(oneTimeTokens.purpose, purpose),
              isNull(oneTimeTokens.usedAt),
              gt(oneTimeTokens.expiresAt, at),
            ),
          )
          .limit(1)
        return other !== undefined && (await useOneTimeToken(tx, { id, at })) ? true : undefined
      })
      return done === true
    },

    async changePhone({ id, userId, phone }, { at, ...also }) {
      if (phone === undefined) return undefined
      try {
        return await allOrNothing(db, async (tx) => {
          const set = { signInPhone: phone, phoneConfirmedAt: at, isAnonymous: false, updatedAt: at }
          const written = await tx
            .update(users)
            .set({ ...set, version: sql`${users.version} + 1` })
            .where(and(eq(users.id, userId), isNull(users.deletedAt), isNull(users.disabledAt)))
            .returning({ id: users.id })
          if (written.length === 0 || !(await useOneTimeToken(tx, { id, at }))) return undefined
          await voidOneTimeTokens(tx, { userId, purpose: 'phone-sign-in' })
          await addAlso(tx, also)
          return 'changed'
        })
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
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

/** Sent to a contact that may be nobody's yet. */
const changes: ReadonlySet<OneTimeToken['purpose']> = new Set([
  'supabase-email-change',
  'supabase-email-change-current',
  'phone-change',
])

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

/** Uses a token up and confirms what it was sent to, in the transaction of what comes of it; false when either has changed. */
export async function redeem(
  tx: Pick<Database, 'update' | 'delete' | 'execute'>,
  { tokenId, confirms, keepsPassword }: Redemption,
  { userId, userVersion, at }: { readonly userId: string; readonly userVersion: number; readonly at: Date },
): Promise<boolean> {
  const since = at.toISOString()
  const begins = confirms === undefined ? {} : beginnings({ at, keepsPassword })
  const sets = {
    none: { lastSignInAt: sql`${users.lastSignInAt}` },
    email: {
      emailConfirmedAt: sql`coalesce(${users.emailConfirmedAt}, ${since}::timestamptz)`,
      metadata: sql`${users.metadata} || '{"email_verified": true}'::jsonb`,
      updatedAt: at,
    },
    phone: {
      phoneConfirmedAt: sql`coalesce(${users.phoneConfirmedAt}, ${since}::timestamptz)`,
      updatedAt: at,
    },
  }
  // The user first and the token then, as everywhere.
  const found = await tx
    .update(users)
    .set({ ...sets[confirms ?? 'none'], ...begins })
    .where(and(eq(users.id, userId), eq(users.version, userVersion)))
    .returning({ notBefore: users.notBefore })
  if (found.length !== 1 || !(await useOneTimeToken(tx, { id: tokenId, at }))) return false
  if (confirms !== undefined) await announce(tx, { type: 'user', id: userId })
  // A change of address that was asked for before leads away from whoever has just shown theirs.
  if (hasBegun(found[0], at)) await voidPasswordLinks(tx, userId)
  return true
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

import { and, asc, eq, gt, isNotNull, isNull, lte, sql } from 'drizzle-orm'
import type { Factor } from '../core/accounts/factor.ts'
import type { FactorStore } from '../core/accounts/second-factor-store.ts'
import { factors, oneTimeTokens, recoveryCodes, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { countActive, useProof } from './factor-proofs.ts'
import { tokenOf, voidOneTimeTokens } from './one-time-tokens.ts'
import { endPersonSessions } from './person-sessions.ts'
import { lowerSessions, sessionRaising } from './raised-sessions.ts'
import { sessions } from './schema.ts'
import { voidAddressChanges } from './void-address-changes.ts'

export function factorStore(db: Database): FactorStore {
  return {
    raiseSession: sessionRaising(db),

    async listFactors(userId) {
      const rows = await db
        .select()
        .from(factors)
        .where(eq(factors.userId, userId))
        .orderBy(asc(factors.createdAt), asc(factors.id))
      return rows.map(factorOf)
    },

    async listRecoveryCodes(userId) {
      const rows = await db
        .select()
        .from(recoveryCodes)
        .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)))
      return rows.map((row) => ({ ...row, usedAt: undefined }))
    },

    insertFactor: (factor, { token, instead, ...also }) =>
      db.transaction(async (tx) => {
        const { userId, kind } = factor
        await tx
          .delete(factors)
          .where(
            and(
              eq(factors.userId, userId),
              eq(factors.kind, kind),
              isNull(factors.activatedAt),
              instead && lte(factors.createdAt, instead),
            ),
          )
        await tx.insert(factors).values(factor)
        if (token !== undefined) {
          await voidOneTimeTokens(tx, token)
          await tx.insert(oneTimeTokens).values(token)
        }
        await addAlso(tx, also)
      }),

    activateFactor: ({ id, userId, proof, codes, sessionId, revoke, at }, also) =>
      allOrNothing(db, async (tx) => {
        if (!(await isNewVersion(tx, userId))) return undefined
        // Ended in the moment since: whoever was put out must not leave a factor behind that keeps the owner out.
        if (await isEndedSession(tx, sessionId)) return undefined
        const activated = await tx
          .update(factors)
          .set({ activatedAt: at, ...(proof.kind === 'totp' && { lastStep: proof.step }) })
          .where(and(eq(factors.id, id), eq(factors.userId, userId), isNull(factors.activatedAt)))
          .returning({ id: factors.id })
        if (activated.length === 0) return undefined
        // Of an app the step is used up with the activation itself.
        if (proof.kind !== 'totp' && !(await useProof(tx, proof, at))) return undefined
        // Whoever began with another one did so before this one counted, and without a code of it.
        await tx.delete(factors).where(and(eq(factors.userId, userId), isNull(factors.activatedAt)))
        const left = await tx
          .select({ id: recoveryCodes.id })
          .from(recoveryCodes)
          .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)))
        if (left.length === 0) await tx.insert(recoveryCodes).values([...codes])
        const isFirst = (await countActive(tx, userId)) === 1
        const which = { userId, scope: 'others', sessionId, now: at } as const
        const revocations = isFirst ? await endPersonSessions(tx, which, revoke) : []
        // Asked for by a password alone, which from now on changes no address.
        if (isFirst) await voidAddressChanges(tx, userId)
        await addAlso(tx, also)
        return { withCodes: left.length === 0, revocations }
      }),

    async removeFactor({ id, userId, proof, at }, also) {
      const removed = await allOrNothing(db, async (tx) => {
        if (!(await isNewVersion(tx, userId))) return undefined
        if (proof !== undefined && !(await useProof(tx, proof, at))) return undefined
        const [factor] = await tx
          .delete(factors)
          .where(and(eq(factors.id, id), eq(factors.userId, userId)))
          .returning({ activatedAt: factors.activatedAt })
        // It came to count meanwhile.
        if (factor === undefined || (proof === undefined && factor.activatedAt !== null)) return undefined
        const left = await countActive(tx, userId)
        if (left === 0) await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
        if (factor.activatedAt !== null) await lowerSessions(tx, { userId, hasFactor: left > 0 })
        await addAlso(tx, also)
        return true
      })
      return removed ?? false
    },

    async renameFactor({ id, userId, name }) {
      const renamed = await db
        .update(factors)
        .set({ name })
        .where(and(eq(factors.id, id), eq(factors.userId, userId)))
        .returning({ id: factors.id })
      return renamed.length === 1
    },

    async replaceRecoveryCodes({ userId, codes, proof, at }, also) {
      const replaced = await allOrNothing(db, async (tx) => {
        if (!(await isNewVersion(tx, userId))) return undefined
        if (proof !== undefined && !(await useProof(tx, proof, at))) return undefined
        await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
        await tx.insert(recoveryCodes).values([...codes])
        await addAlso(tx, also)
        return true
      })
      return replaced ?? false
    },

    async takeFactorCodeAttempt(userId, now) {
      const [row] = await db
        .update(oneTimeTokens)
        .set({ attemptsLeft: sql`${oneTimeTokens.attemptsLeft} - 1` })
        .where(
          and(
            eq(oneTimeTokens.userId, userId),
            eq(oneTimeTokens.purpose, 'factor-code'),
            isNull(oneTimeTokens.usedAt),
            gt(oneTimeTokens.expiresAt, now),
            gt(oneTimeTokens.attemptsLeft, 0),
          ),
        )
        .returning()
      return row && tokenOf(row)
    },
  }
}

/** Takes away all that a user has of a second factor, within the transaction of a new version of the user. */
export async function clearFactors(tx: Pick<Database, 'delete'>, userId: string): Promise<void> {
  await tx.delete(factors).where(eq(factors.userId, userId))
  await tx.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  await voidOneTimeTokens(tx, { userId, purpose: 'factor-code' })
}

/** Held to the commit: whatever else changes this user's factors waits, and whoever judged them before is told. */
async function isNewVersion(tx: Pick<Database, 'update'>, userId: string): Promise<boolean> {
  const changed = await tx
    .update(users)
    .set({ version: sql`${users.version} + 1` })
    .where(and(eq(users.id, userId), isNull(users.deletedAt)))
    .returning({ id: users.id })
  return changed.length === 1
}

/** Says whether a session was ended; asked with its user held, so that whoever ends it has committed by then, or waits. */
async function isEndedSession(tx: Pick<Database, '$count'>, id: string): Promise<boolean> {
  return (await tx.$count(sessions, and(eq(sessions.id, id), isNotNull(sessions.revokedAt)))) > 0
}

function factorOf(row: typeof factors.$inferSelect): Factor {
  return {
    ...row,
    sealedSecret: row.sealedSecret ?? undefined,
    activatedAt: row.activatedAt ?? undefined,
    lastStep: row.lastStep ?? undefined,
  }
}

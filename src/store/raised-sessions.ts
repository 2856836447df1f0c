import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { FactorStore, SessionRaise } from '../core/accounts/second-factor-store.ts'
import { factors, signInChallenges, signIns, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { countActive, useStep } from './factor-proofs.ts'
import { endPersonSessions } from './person-sessions.ts'
import { sessions } from './schema.ts'
import { voidAddressChanges } from './void-address-changes.ts'

type Writing = Pick<Database, 'update'>

/** Raises sessions, each in one transaction that takes hold of the user first, as everywhere. */
export function sessionRaising(db: Database): FactorStore['raiseSession'] {
  return (raise, also) =>
    allOrNothing(db, async (tx) => {
      const { session, activates, at } = raise
      const { id: sessionId, userId } = session
      if (!(await isAsJudged(tx, raise))) return undefined
      if (!(await useChallenge(tx, raise))) return undefined
      if (!(await (activates ? activate(tx, raise) : useStep(tx, raise.proof)))) return undefined
      if (!(await write(tx, raise))) return undefined
      await tx.delete(factors).where(and(eq(factors.userId, userId), isNull(factors.activatedAt)))
      // With the first factor all others end, which were opened without it.
      const isFirst = activates && (await countActive(tx, userId)) === 1
      const below = isFirst ? undefined : session.aal
      const revocations = await endPersonSessions(
        tx,
        { userId, scope: 'others', sessionId, below, now: at },
        raise.revoke,
      )
      if (isFirst) await voidAddressChanges(tx, userId)
      await tx.insert(signIns).values(raise.signIn)
      await addAlso(tx, also)
      return revocations
    })
}

/**
 * Takes from the sessions of a user what a factor gave them that is there no longer; with the last one those are free that
 * waited for it. Only of a face where a session can be raised again: elsewhere nobody could, but by a new sign-in.
 */
export async function lowerSessions(
  tx: Writing,
  { userId, hasFactor }: { readonly userId: string; readonly hasFactor: boolean },
): Promise<void> {
  await tx
    .update(sessions)
    .set({
      aal: 1,
      amr: sql`array_remove(array_remove(${sessions.amr}, 'otp'), 'mfa')`,
      authenticatedAt: sessions.createdAt,
      permissions: hasFactor ? [] : null,
    })
    .where(
      and(
        eq(sessions.userId, userId),
        eq(sessions.face, 'supabase'),
        hasFactor ? eq(sessions.aal, 2) : undefined,
        isNull(sessions.revokedAt),
      ),
    )
}

/** A factor that comes to count makes a new version, so that no sign-in that was judged without it ends well. */
async function isAsJudged(
  tx: Writing,
  { session, userVersion, activates, at }: SessionRaise,
): Promise<boolean> {
  const held = await tx
    .update(users)
    .set({ lastSignInAt: at, ...(activates && { version: sql`${users.version} + 1` }) })
    .where(and(eq(users.id, session.userId), eq(users.version, userVersion), isNull(users.deletedAt)))
    .returning({ id: users.id })
  return held.length === 1
}

async function useChallenge(tx: Writing, { session, challengeId, at }: SessionRaise): Promise<boolean> {
  const used = await tx
    .update(signInChallenges)
    .set({ usedAt: at })
    .where(
      and(
        eq(signInChallenges.id, challengeId),
        eq(signInChallenges.userId, session.userId),
        isNull(signInChallenges.usedAt),
        gt(signInChallenges.expiresAt, at),
      ),
    )
    .returning({ id: signInChallenges.id })
  return used.length === 1
}

async function activate(tx: Writing, { session, proof, at }: SessionRaise): Promise<boolean> {
  const activated = await tx
    .update(factors)
    .set({ activatedAt: at, lastStep: proof.step })
    .where(
      and(eq(factors.id, proof.factorId), eq(factors.userId, session.userId), isNull(factors.activatedAt)),
    )
    .returning({ id: factors.id })
  return activated.length === 1
}

async function write(tx: Writing, { session, from, at }: SessionRaise): Promise<boolean> {
  const { id, aal, amr, authenticatedAt, permissions, refreshDigest } = session
  const written = await tx
    .update(sessions)
    .set({
      aal,
      amr: [...amr],
      authenticatedAt,
      permissions: permissions === undefined ? null : [...permissions],
      refreshDigest,
      // None that was given before leads to this one.
      previousRefreshDigest: null,
      lastUsedAt: at,
    })
    .where(and(eq(sessions.id, id), eq(sessions.refreshDigest, from), isNull(sessions.revokedAt)))
    .returning({ id: sessions.id })
  return written.length === 1
}

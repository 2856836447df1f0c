import { and, eq, isNotNull, isNull, lt, or } from 'drizzle-orm'
import type { AdministratorProof, FactorProof, SessionProof } from '../core/accounts/second-factor-store.ts'
import { factors, recoveryCodes } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { useOneTimeToken } from './one-time-tokens.ts'
import { sessions } from './schema.ts'

type Writing = Pick<Database, 'update'>

/** Uses a proof up, within the transaction of what it allows; false when somebody else has. */
export async function useProof(
  tx: Writing,
  proof: FactorProof | SessionProof | AdministratorProof,
  at: Date,
): Promise<boolean> {
  if (proof.kind === 'administrator') return true
  if (proof.kind === 'totp') return useStep(tx, proof)
  if (proof.kind === 'session') return holdRaised(tx, proof)
  if (proof.kind === 'mailed_code') return useOneTimeToken(tx, { id: proof.tokenId, at })
  return useRecoveryCode(tx, { id: proof.codeId, at })
}

/** Held to the commit: whoever ends the session, or takes from it what it was raised by, has committed, or waits. */
async function holdRaised(tx: Writing, { sessionId }: SessionProof): Promise<boolean> {
  const held = await tx
    .update(sessions)
    .set({ aal: 2 })
    .where(and(eq(sessions.id, sessionId), eq(sessions.aal, 2), isNull(sessions.revokedAt)))
    .returning({ id: sessions.id })
  return held.length === 1
}

/** Time steps only go forward: a code, and every older one, is over with the first that is taken (RFC 6238 §5.2). */
export async function useStep(
  tx: Writing,
  { factorId, step }: { readonly factorId: string; readonly step: number },
): Promise<boolean> {
  const used = await tx
    .update(factors)
    .set({ lastStep: step })
    .where(
      and(
        eq(factors.id, factorId),
        isNotNull(factors.activatedAt),
        or(isNull(factors.lastStep), lt(factors.lastStep, step)),
      ),
    )
    .returning({ id: factors.id })
  return used.length === 1
}

async function useRecoveryCode(
  tx: Writing,
  { id, at }: { readonly id: string; readonly at: Date },
): Promise<boolean> {
  const used = await tx
    .update(recoveryCodes)
    .set({ usedAt: at })
    .where(and(eq(recoveryCodes.id, id), isNull(recoveryCodes.usedAt)))
    .returning({ id: recoveryCodes.id })
  return used.length === 1
}

/** How many factors of somebody count. */
export async function countActive(tx: Pick<Database, '$count'>, userId: string): Promise<number> {
  return tx.$count(factors, and(eq(factors.userId, userId), isNotNull(factors.activatedAt)))
}

import { and, eq, isNotNull, isNull, lt, or } from 'drizzle-orm'
import type { FactorProof } from '../core/accounts/second-factor-store.ts'
import { factors, recoveryCodes } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { useOneTimeToken } from './one-time-tokens.ts'

type Writing = Pick<Database, 'update'>

/** Uses a proof up, within the transaction of what it allows; false when somebody else has. */
export function useProof(tx: Writing, proof: FactorProof, at: Date): Promise<boolean> {
  if (proof.kind === 'totp') return useStep(tx, proof)
  if (proof.kind === 'mailed_code') return useOneTimeToken(tx, { id: proof.tokenId, at })
  return useRecoveryCode(tx, { id: proof.codeId, at })
}

/** Time steps only go forward: a code, and every older one, is over with the first that is taken (RFC 6238 §5.2). */
async function useStep(
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

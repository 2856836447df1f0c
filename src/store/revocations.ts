import { and, gt, gte } from 'drizzle-orm'
import type { RevocationStore } from '../core/ports.ts'
import type { Revocation } from '../core/tokens/revocations.ts'
import { announce } from './announcements.ts'
import type { Database } from './database.ts'
import { revocations } from './schema.ts'

export function revocationStore(db: Database): RevocationStore {
  return {
    insertRevocation: (revocation) => db.transaction((tx) => addRevocation(tx, revocation)),

    async listRevocations(now, since) {
      const rows = await db
        .select()
        .from(revocations)
        .where(and(gt(revocations.expiresAt, now), since && gte(revocations.createdAt, since)))
      return rows.map(({ id: _id, ...revocation }) => revocation)
    },
  }
}

/** Adds a revocation within the transaction of what causes it, and tells the other instances at its commit. */
export async function addRevocation(
  tx: Pick<Database, 'insert' | 'execute'>,
  revocation: Revocation,
): Promise<void> {
  await addRevocations(tx, [revocation])
}

/** The same of several. */
export async function addRevocations(
  tx: Pick<Database, 'insert' | 'execute'>,
  added: readonly Revocation[],
): Promise<void> {
  if (added.length === 0) return
  await tx.insert(revocations).values([...added])
  await announce(tx, ...added.map((revocation) => ({ type: 'revocation', revocation }) as const))
}

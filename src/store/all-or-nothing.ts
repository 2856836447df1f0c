import { TransactionRollbackError } from 'drizzle-orm'
import type { Database } from './database.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

/** Runs steps of which every one must find what it changes; undefined, and nothing changed, when one does not. */
export async function allOrNothing<T>(
  db: Database,
  steps: (tx: Transaction) => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await db.transaction(async (tx) => (await steps(tx)) ?? tx.rollback())
  } catch (error) {
    if (error instanceof TransactionRollbackError) return undefined
    throw error
  }
}

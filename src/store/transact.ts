import type { SQL } from 'drizzle-orm'
import type { PgTransactionConfig } from 'drizzle-orm/pg-core'
import { rowsOf } from './audit-events.ts'
import type { Database } from './database.ts'
import { storeError } from './store-error.ts'

/**
 * Runs work of which statements are only a part, once: by `ask` a statement's fault comes as one of ours, for which no
 * transaction is begun again. What the work itself throws passes as it is; all else comes out as a StoreError or a
 * StoreUnavailableError.
 */
export async function transact<T>(
  db: Database,
  work: (tx: Database) => Promise<T>,
  config?: PgTransactionConfig,
): Promise<T> {
  let thrown: { readonly error: unknown } | undefined
  try {
    return await db.transaction(async (tx) => {
      try {
        return await work(tx)
      } catch (error) {
        thrown = { error }
        throw error
      }
    }, config)
  } catch (error) {
    throw thrown === undefined ? storeError(error) : thrown.error
  }
}

/** The rows of one statement. @throws StoreError, StoreUnavailableError */
export async function ask<T>(db: Pick<Database, 'execute'>, statement: SQL): Promise<readonly T[]> {
  try {
    return await rowsOf<T>(db, statement)
  } catch (error) {
    throw storeError(error)
  }
}

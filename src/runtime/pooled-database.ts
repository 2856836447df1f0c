import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import type { Database } from '../store/database.ts'
import * as schema from '../store/schema.ts'
import { isUndoneForAnother, StoreUnavailableError, storeError } from '../store/store-error.ts'

/** How often a transaction is begun that PostgreSQL undoes for the sake of others. */
const ATTEMPTS = 3

/**
 * The database behind a pool, with transactions that always give their connection back: drizzle's own lose it when
 * `begin` itself fails, and a paused server would empty the pool for good. One that was undone for the sake of another, so
 * that nothing of it is left, is begun again: what it runs must be content to run twice.
 */
export function pooledDatabase(pool: pg.Pool): Database {
  // A connection that is lost between two statements would end the process without a listener: the next statement tells.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = drizzle(pool, { schema })
  const transaction: typeof db.transaction = async (run, config) => {
    const client = await pool.connect()
    let broken = false
    try {
      return await drizzle(client, { schema }).transaction(run, config)
    } catch (error) {
      // Given up on, it may still be answering: closed rather than handed to the next call.
      broken = !isUndoneForAnother(error) && storeError(error) instanceof StoreUnavailableError
      throw error
    } finally {
      client.release(broken)
    }
  }
  db.transaction = async (run, config) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction(run, config)
      } catch (error) {
        if (attempt === ATTEMPTS || !isUndoneForAnother(error)) throw error
      }
    }
  }
  return db
}

import { drizzle } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import type { Database } from '../store/database.ts'
import * as schema from '../store/schema.ts'
import { StoreUnavailableError, storeError } from '../store/store-error.ts'

/**
 * The database behind a pool, with transactions that always give their connection back. drizzle's own lose it when
 * `begin` itself fails, and a paused server would empty the pool for good.
 */
export function pooledDatabase(pool: pg.Pool): Database {
  // A connection that is lost between two statements would end the process without a listener: the next statement tells.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = drizzle(pool, { schema })
  db.transaction = async (run, config) => {
    const client = await pool.connect()
    let broken = false
    try {
      return await drizzle(client, { schema }).transaction(run, config)
    } catch (error) {
      // Given up on, it may still be answering: closed rather than handed to the next call.
      broken = storeError(error) instanceof StoreUnavailableError
      throw error
    } finally {
      client.release(broken)
    }
  }
  return db
}

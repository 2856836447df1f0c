import { count, isNull, sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { apiKeys } from './schema.ts'

/** The database's own clock, in milliseconds since 1970. */
export async function readDatabaseClockMs(db: Database): Promise<number> {
  const [row] = await db
    .select({ nowMs: sql`extract(epoch from clock_timestamp()) * 1000`.mapWith(Number) })
    .from(sql`(select 1) as one`)
  if (row === undefined) throw new Error('A select of one row answers a row.')
  return row.nowMs
}

/** Counts the keys that are not revoked by the id of the secret that their digest was made under. */
export async function countKeysBySecret(
  db: Database,
): Promise<readonly { readonly secretId: string; readonly keys: number }[]> {
  const secretId = sql<string>`split_part(${apiKeys.digest}, '.', 1)`
  return db
    .select({ secretId, keys: count() })
    .from(apiKeys)
    .where(isNull(apiKeys.revokedAt))
    .groupBy(secretId)
}

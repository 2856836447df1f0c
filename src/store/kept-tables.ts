import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { ask } from './transact.ts'

/**
 * What a backup holds: every table of ours, each behind those that it refers to. One that goes stays in the list, since
 * older backups have it.
 */
export const keptTables = [
  'role',
  'users',
  'identities',
  'profiles',
  'one_time_tokens',
  'factors',
  'recovery_codes',
  'sign_in_challenges',
  'sign_ins',
  'known_devices',
  'sign_in_failures',
  'mail_outbox',
  'clients',
  'api_keys',
  'key_usage',
  'key_quotas',
  'rate_limits',
  'replays',
  'revocations',
  'sessions',
  'signing_keys',
  'audit_events',
  'audit_chain',
] as const

/** A table with the SQL type of each of its columns. */
export interface KeptTable {
  readonly name: string
  readonly columns: Readonly<Record<string, string>>
}

/** Those of our tables that are there, in their order. */
export async function listKeptTables(db: Database): Promise<readonly KeptTable[]> {
  const found = await ask<{ name: string; columns: string }>(
    db,
    sql`select relname as name, json_object_agg(attname, format_type(atttypid, atttypmod) order by attnum)::text as columns
      from pg_class join pg_attribute on attrelid = pg_class.oid
      where relnamespace = 'public'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
      group by relname`,
  )
  return keptTables.flatMap((kept) => {
    const row = found.find(({ name }) => name === kept)
    return row === undefined ? [] : [{ name: kept, columns: JSON.parse(row.columns) }]
  })
}

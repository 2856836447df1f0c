import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { ask } from './transact.ts'

/** Names our lock among all advisory locks of the database: whoever changes the schema holds it. */
export const migrationLock = 7_391_204_118

/** A step of the schema, as drizzle-kit wrote it. */
export interface Migration {
  readonly tag: string
  /** When it was written: what the database remembers it by. */
  readonly whenMs: number
  readonly hash: string
  readonly statements: readonly string[]
}

/** When the newest migration that was applied was written; undefined in a database that has none. */
export async function newestMigrationMs(db: Database): Promise<number | undefined> {
  const [there] = await ask<{ there: boolean }>(
    db,
    sql`select to_regclass('drizzle.__drizzle_migrations') is not null as there`,
  )
  if (there?.there !== true) return undefined
  const [row] = await ask<{ newest: string | null }>(
    db,
    sql`select max(created_at)::text as newest from drizzle.__drizzle_migrations`,
  )
  return row?.newest == null ? undefined : Number(row.newest)
}

/**
 * Applies migrations and remembers them as drizzle's migrator does, which has a transaction of its own and so cannot be
 * part of a greater one.
 */
export async function applyMigrations(tx: Database, migrations: readonly Migration[]): Promise<void> {
  await ask(tx, sql`create schema if not exists drizzle`)
  await ask(
    tx,
    sql`create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`,
  )
  for (const { statements, hash, whenMs } of migrations) {
    for (const statement of statements) await ask(tx, sql.raw(statement))
    await ask(
      tx,
      sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${whenMs}::bigint)`,
    )
  }
}

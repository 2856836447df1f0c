import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { migrationsFolder } from '../../src/runtime/postgres.ts'
import type { TestDatabase } from './database.ts'

interface JournalEntry {
  readonly idx: number
  readonly tag: string
  readonly when: number
}

/** All migrations there are, the oldest first. */
export function migrationJournal(): readonly JournalEntry[] {
  return JSON.parse(readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')).entries
}

/** Brings an empty database to where it was before this migration, as the migrator of that time did. */
export async function migrateBefore({ url }: Pick<TestDatabase, 'url'>, tag: string): Promise<void> {
  const entries = migrationJournal()
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create schema drizzle')
  await client.query(
    'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  )
  for (const entry of entries.slice(
    0,
    entries.findIndex((one) => one.tag === tag),
  )) {
    const text = readFileSync(join(migrationsFolder, `${entry.tag}.sql`), 'utf8')
    for (const statement of text.split('--> statement-breakpoint')) await client.query(statement)
    await client.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
      entry.tag,
      entry.when,
    ])
  }
  await client.end()
}

import { readMigrationFiles } from 'drizzle-orm/migrator'
import journal from '../../../drizzle/meta/_journal.json' with { type: 'json' }
import type { Migration } from '../../store/migrations.ts'
import { migrationsFolder } from '../postgres.ts'

/** Every migration of this release, the oldest first. */
export function readMigrations(): readonly Migration[] {
  const files = readMigrationFiles({ migrationsFolder })
  return files.map(({ sql, folderMillis, hash }) => ({
    tag: tagOf(folderMillis) ?? '',
    whenMs: folderMillis,
    hash,
    statements: sql,
  }))
}

/** The migration that was written then; undefined for one that this release does not have. */
export function tagOf(whenMs: number): string | undefined {
  return journal.entries.find(({ when }) => when === whenMs)?.tag
}

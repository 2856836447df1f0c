import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { MetadataChange } from '../core/accounts/merge-metadata.ts'
import { arrayText } from './array-text.ts'

/** What is noted in a column after a change: made in the database, so that of two who note something at once neither loses it. */
export function laidOver(column: PgColumn, { set, remove }: MetadataChange): SQL {
  return sql`(${column} || ${JSON.stringify(set)}::jsonb) - ${arrayText(remove)}::text[]`
}

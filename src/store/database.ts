import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type * as schema from './schema.ts'

/** A PostgreSQL of any driver: pg on a server, pg through Hyperdrive, or PGlite in the process. */
export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'
import { type KeptTable, listKeptTables } from './kept-tables.ts'
import { newestMigrationMs } from './migrations.ts'
import { ask, transact } from './transact.ts'

/** As many rows as are in memory at a time. */
const PART_ROWS = 500

/** One state of the whole database, whatever is written meanwhile. */
export interface Snapshot {
  /** When the newest of its migrations was written; undefined where there is none. */
  readonly migratedToMs: number | undefined
  readonly tables: readonly KeptTable[]
  /** The rows of a table, each as a line of JSON, in parts. One table at a time. */
  readonly rowsOf: (table: KeptTable) => AsyncGenerator<readonly string[]>
  readonly sealedSigningKeys: () => Promise<readonly string[]>
}

/** Holds on to one state of the database for as long as `use` takes; nobody waits for it. @throws StoreError */
export async function withSnapshot<T>(db: Database, use: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  return transact(
    db,
    async (tx) => {
      // The same rows are the same text, wherever the server is.
      await ask(tx, sql`set local timezone = 'UTC'`)
      // Between two parts the reader may be slower than the operator lets a session be idle.
      await ask(tx, sql`set local idle_in_transaction_session_timeout = 0`)
      const migratedToMs = await newestMigrationMs(tx)
      const tables = await listKeptTables(tx)
      return use({
        migratedToMs,
        tables,
        rowsOf: (table) => readRows(tx, table),
        sealedSigningKeys: () => sealedSigningKeys(tx),
      })
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

async function* readRows(tx: Database, { name }: KeptTable): AsyncGenerator<readonly string[]> {
  const table = sql`public.${sql.identifier(name)}`
  await ask(
    tx,
    sql`declare guichet_rows no scroll cursor for select row_to_json(kept)::text as line from ${table} as kept`,
  )
  for (;;) {
    const rows = await ask<{ line: string }>(tx, sql.raw(`fetch forward ${PART_ROWS} from guichet_rows`))
    if (rows.length > 0) yield rows.map(({ line }) => inOneLine(line))
    if (rows.length < PART_ROWS) break
  }
  await ask(tx, sql`close guichet_rows`)
}

/** A column of an application's own may be `json`, which PostgreSQL keeps as it came: a line break there is a blank. */
function inOneLine(json: string): string {
  return json.includes('\n') ? json.replaceAll('\n', ' ') : json
}

/** By their columns and not by the schema of today, which an older database does not have. */
async function sealedSigningKeys(tx: Database): Promise<readonly string[]> {
  const rows = await ask<{ sealed: string }>(
    tx,
    sql`select sealed_private_jwk as sealed from signing_keys where sealed_private_jwk is not null`,
  )
  return rows.map(({ sealed }) => sealed)
}

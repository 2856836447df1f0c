import { type SQL, sql } from 'drizzle-orm'
import type { Store } from '../core/ports.ts'
import type { Database } from './database.ts'
import { type KeptTable, listKeptTables } from './kept-tables.ts'
import { applyMigrations, type Migration, migrationLock, newestMigrationMs } from './migrations.ts'
import { createStore } from './store.ts'
import { ask, transact } from './transact.ts'

/** The one table that applications may add columns to. */
const EXTENSIBLE = 'profiles'

/** A database that is being filled: all of it is there when the filling ends, and nothing when it fails. */
export interface Restoration {
  readonly migrate: (migrations: readonly Migration[]) => Promise<void>
  /** Takes out what migrations put into tables. */
  readonly clear: () => Promise<void>
  /** Prepares a table for rows with these columns; undefined when it cannot have them. */
  readonly openTable: (table: KeptTable) => Promise<InsertRows | undefined>
  /** The store as it will be. */
  readonly store: Store
}

/** Inserts rows, each a line of JSON. */
export type InsertRows = (lines: readonly string[]) => Promise<void>

/** Fills an empty database in one transaction; 'in use' when it has tables of ours already. @throws StoreError */
export async function restoreInto<T>(
  db: Database,
  fill: (restoration: Restoration) => Promise<T>,
): Promise<T | 'in use'> {
  return transact(db, async (tx) => {
    // A gateway that is started meanwhile waits, and finds everything done.
    await ask(tx, sql`select pg_advisory_xact_lock(${migrationLock}::bigint)`)
    const tables = await listKeptTables(tx)
    if (tables.length > 0 || (await newestMigrationMs(tx)) !== undefined) return 'in use'
    return fill({
      migrate: (migrations) => applyMigrations(tx, migrations),
      clear: () => clear(tx),
      openTable: (table) => openTable(tx, table),
      store: createStore(tx, { prepare: false }),
    })
  })
}

async function clear(tx: Database): Promise<void> {
  const tables = (await listKeptTables(tx)).map(({ name }) => sqlOf(name))
  await ask(tx, sql`truncate ${sql.join(tables, sql`, `)}`)
}

async function openTable(tx: Database, wanted: KeptTable): Promise<InsertRows | undefined> {
  const present = (await listKeptTables(tx)).find(({ name }) => name === wanted.name)
  if (present === undefined) return undefined
  const added = Object.entries(wanted.columns).filter(([name]) => present.columns[name] === undefined)
  if (added.length > 0 && wanted.name !== EXTENSIBLE) return undefined
  for (const [name, type] of added) {
    if (!(await addColumn(tx, wanted.name, { name, type }))) return undefined
  }
  const table = sqlOf(wanted.name)
  const columns = sql.join(
    Object.keys(wanted.columns).map((name) => sql.identifier(name)),
    sql`, `,
  )
  return async (lines) => {
    const rows = `[${lines.join(',')}]`
    await ask(
      tx,
      sql`insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, ${rows}::json)`,
    )
  }
}

/** False for a type that this database does not know: to have passed, the text is the name of a type and nothing else. */
async function addColumn(
  tx: Database,
  table: string,
  { name, type }: { readonly name: string; readonly type: string },
): Promise<boolean> {
  const [row] = await ask<{ known: boolean }>(tx, sql`select to_regtype(${type}) is not null as known`)
  if (row?.known !== true) return false
  await ask(tx, sql`alter table ${sqlOf(table)} add column ${sql.identifier(name)} ${sql.raw(type)}`)
  return true
}

function sqlOf(table: string): SQL {
  return sql`public.${sql.identifier(table)}`
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptTables } from '../../src/store/kept-tables.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await migratedDatabase()
})
afterAll(() => database.drop())

describe('the tables of a backup', () => {
  it('are all that the migrations make', async () => {
    const rows = await database.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    )
    expect(rows.map(({ relname }) => relname).sort()).toEqual(keptTables.toSorted())
  })

  it('come each behind those that it refers to', async () => {
    const references = await database.query(
      "select conrelid::regclass::text as of, confrelid::regclass::text as to from pg_constraint where contype = 'f'",
    )
    const placeOf = (name: unknown) => (keptTables as readonly unknown[]).indexOf(name)
    expect(references.length).toBeGreaterThan(5)
    expect(references.filter(({ of, to }) => placeOf(of) <= placeOf(to))).toEqual([])
  })

  it('have no rows that get their number from a sequence, which would not be set on', async () => {
    const rows = await database.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S'",
    )
    expect(rows).toEqual([])
  })
})

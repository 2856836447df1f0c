import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratePostgres } from '../../src/runtime/postgres.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await migratePostgres({ url: database.url, poolMax: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 })
})

afterAll(() => database.drop())

const uniqueKeys = `
  select relation.relname as "table", pg_get_indexdef(entry.indexrelid) as definition
  from pg_index entry
  join pg_class relation on relation.oid = entry.indrelid
  where entry.indisunique and relation.relnamespace = 'public'::regnamespace
  order by 1, entry.indisprimary desc, 2`

describe('the unique keys of the schema', () => {
  it('are those that the page on deploying judges', async () => {
    const page = readFileSync(resolve(import.meta.dirname, '../../docs/deploy.md'), 'utf8')
    const [, section = ''] = page.split('\n### Distributed PostgreSQL\n')
    const written = [...section.matchAll(/^\| `(\w+)` \| (.+?) \| .+ \|$/gm)].flatMap(
      ([, table, keys = '']) => keys.split('; ').map((key) => `${table}: ${key.replaceAll('`', '')}`),
    )
    const actual = (await database.query(uniqueKeys)).map(
      ({ table, definition }) => `${table}: ${/\((.*)\)$/.exec(String(definition))?.[1]}`,
    )
    expect(written.sort()).toEqual(actual.sort())
  })
})

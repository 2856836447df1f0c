import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readMigrations } from '../../src/runtime/backup/migrations.ts'
import { databaseFolder } from '../../src/runtime/data-folder.ts'
import { openPglite } from '../../src/runtime/embedded.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type FrozenInstallation, freeze, frozen } from '../support/frozen.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { type GuichetCommand, guichetCommand } from '../support/guichet-command.ts'
import { expectLivedIn } from '../support/lived-in.ts'

const migrations = readMigrations()
const steps = migrations.slice(1).map(({ tag }, index) => ({ from: migrations[index]!.tag, to: tag }))
/** That of 0.1.0, and the one before today's: on the embedded database these two will do. */
const embeddedSteps = [steps[0]!, steps.at(-1)!]

/** A statement on whichever database. */
type Query = (text: string, values?: unknown[]) => Promise<readonly Record<string, unknown>[]>

let guichet: GuichetCommand

beforeAll(async () => {
  guichet = await guichetCommand()
})
afterAll(() => guichet.remove())

/** Brings an empty database to where a release left it, with that release's rows. */
async function leaveAt(query: Query, tag: string, { rows }: FrozenInstallation): Promise<void> {
  await query('create schema drizzle')
  await query(
    'create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  )
  for (const { statements, hash, whenMs } of migrations.slice(
    0,
    migrations.findIndex((one) => one.tag === tag) + 1,
  )) {
    for (const statement of statements) await query(statement)
    await query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [hash, whenMs])
  }
  // What a migration put there itself is in the rows too.
  if (await exists(query, 'role')) await query('delete from role')
  for (const [table, lines] of rows) {
    if (!(await exists(query, table))) continue
    // At 0001 the chain had no seal, and no release linked its rows.
    if (tag === '0001_key_life' && table === 'audit_chain') continue
    const there = await columnsOf(query, table)
    const unlinked = tag === '0001_key_life' && table === 'audit_events' ? ['seq', 'hash'] : []
    const columns = there.filter((name) => lines[0]!.includes(`"${name}":`) && !unlinked.includes(name))
    const list = columns.map((name) => `"${name}"`).join(', ')
    await query(
      `insert into ${table} (${list}) select ${list} from json_populate_recordset(null::${table}, $1::json)`,
      [`[${lines.join(',')}]`],
    )
  }
}

async function exists(query: Query, table: string): Promise<boolean> {
  return (await query('select 1 from pg_class where relname = $1', [table])).length > 0
}

async function columnsOf(query: Query, table: string): Promise<readonly string[]> {
  const rows = await query(
    'select column_name as name from information_schema.columns where table_name = $1',
    [table],
  )
  return rows.map(({ name }) => String(name))
}

/** Starts today's gateway there: all that worked works, and the audit chain is whole. */
async function expectUpgraded(
  env: Readonly<Record<string, string>>,
  installation: FrozenInstallation,
  options: { readonly dataDir?: string } = {},
): Promise<void> {
  const gateway = await startGatewayProcess({ ...env, AUDIT_RETENTION_DAYS: '0' }, options)
  try {
    await expectLivedIn(gateway.url, installation.lived)
    const { adminKey } = installation.lived
    const verified = await guichet.run('audit verify', {
      GUICHET_URL: gateway.url,
      GUICHET_API_KEY: adminKey,
    })
    expect(verified).toMatchObject({ code: 0, stderr: '' })
    expect(await gateway.stop()).toBe(0)
  } finally {
    await gateway.remove()
  }
}

describe('a PostgreSQL of an older release, with its data', () => {
  let database: TestDatabase
  let target: TestDatabase

  it.each(steps)(
    'at $from works after a start of this release, and so does its backup',
    { timeout: 60_000 },
    async ({ from }) => {
      const installation = await frozen(from)
      const { secret } = installation
      database = await freshDatabase()
      target = await freshDatabase()
      try {
        const client = new pg.Client({ connectionString: database.url })
        await client.connect()
        await leaveAt(async (text, values) => (await client.query(text, values)).rows, from, installation)
        await client.end()
        const file = join(guichet.folder, `${from}.backup`)
        const at = ({ url }: TestDatabase) => ({ DATABASE_URL: url, GUICHET_SECRET: secret })
        const backup = await guichet.run(`backup ${file}`, at(database))
        expect(backup).toMatchObject({ code: 0, stderr: '', json: { migration: from } })
        await expectUpgraded(at(database), installation)
        expect(await guichet.run(`restore ${file}`, at(target))).toMatchObject({ code: 0, stderr: '' })
        await expectUpgraded(at(target), installation)
      } finally {
        await database.drop()
        await target.drop()
      }
    },
  )
})

describe('an embedded database of an older release, with its data', () => {
  it.each(embeddedSteps)(
    'at $from works after a start of this release',
    { timeout: 60_000 },
    async ({ from }) => {
      const installation = await frozen(from)
      const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-upgrade-'))
      await mkdir(dataDir, { recursive: true })
      await writeFile(join(dataDir, 'secret'), installation.secret)
      const client = await openPglite(databaseFolder(dataDir))
      const query: Query = async (text, values) => {
        if (values !== undefined) return (await client.query<Record<string, unknown>>(text, values)).rows
        await client.exec(text)
        return []
      }
      await leaveAt(query, from, installation)
      await client.close()
      await expectUpgraded({}, installation, { dataDir })
      await rm(dataDir, { recursive: true, force: true })
    },
  )
})

describe.runIf(process.env['WRITE_FROZEN'] === '1')('an installation of today', () => {
  it('is kept for releases to come', { timeout: 60_000 }, async () => {
    await freeze(guichet, migrations.at(-1)!.tag)
  })
})

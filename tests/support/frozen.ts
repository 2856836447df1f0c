import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { keptTables } from '../../src/store/kept-tables.ts'
import { call } from './call.ts'
import { migratedDatabase } from './database.ts'
import { startGatewayProcess } from './gateway-process.ts'
import type { GuichetCommand } from './guichet-command.ts'
import { type LivedIn, liveIn } from './lived-in.ts'

/**
 * What gateways left behind: the rows in `<migration>.ndjson`, as a backup has them, and in `<migration>.json` what works there,
 * named after the oldest migration that the rows fit. `0000` is of one without people. Never edited: a migration that
 * they no longer fit brings further ones, by `WRITE_FROZEN=1` with schema-upgrade.test.ts.
 */
const folder = resolve(import.meta.dirname, '../frozen')

/** The time at which nothing frozen ends; laid out again it is in a week, since no session has a century left. */
const NEVER = '2126-01-01T00:00:00+00:00'
const WEEK_MS = 7 * 86_400_000

/** Its own, so that no test's secret can change under it. */
const secret = 'the secret of the frozen installations is kept for ever'

export interface FrozenInstallation {
  readonly secret: string
  readonly lived: LivedIn
  /** The rows of each table, as lines of JSON, in an order in which they can be inserted. */
  readonly rows: ReadonlyMap<string, readonly string[]>
}

/** The newest frozen installation whose rows fit a database at `tag`. */
export async function frozen(tag: string): Promise<FrozenInstallation> {
  const tags = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  const name = tags.findLast((one) => one.slice(0, 4) <= tag.slice(0, 4))!.replace(/\.json$/, '')
  const rows = new Map<string, string[]>()
  let table: string[] = []
  const inAWeek = new Date(Date.now() + WEEK_MS).toISOString()
  const text = (await readFile(join(folder, `${name}.ndjson`), 'utf8')).replaceAll(NEVER, inAWeek)
  for (const line of text.trimEnd().split('\n')) {
    const [kind, of] = line.startsWith('[') ? JSON.parse(line) : []
    if (kind === 'table') {
      table = []
      rows.set(of, table)
    } else if (kind === undefined) table.push(line)
  }
  for (const [of, lines] of rows) if (lines.length === 0) rows.delete(of)
  const { person, ...machines } = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
  return { secret, lived: { ...machines, person }, rows }
}

/** Lives in today's gateway, with something in every table, and keeps what is left. */
export async function freeze(guichet: GuichetCommand, tag: string): Promise<void> {
  const database = await migratedDatabase()
  const env = { DATABASE_URL: database.url, GUICHET_SECRET: secret }
  const gateway = await startGatewayProcess(env)
  const lived = await liveIn(gateway.url, await gateway.firstKey())
  const { email, password } = lived.person!
  const post = (path: string, json: object) => call('POST', `${gateway.url}/api/v1${path}`, { json })
  await post('/auth/login', { identifier: email, password: 'not hers, of course' })
  await post('/auth/login', { identifier: email, password })
  await post('/auth/password/forgot', { email })
  await database.query(`insert into identities (id, user_id, provider, provider_id, created_at, updated_at)
    select gen_random_uuid(), id_user, 'github', '7', now(), now() from users`)
  await gateway.remove()
  await database.query(`update sessions set expires_at = '${NEVER}'`)
  await database.query(`update one_time_tokens set expires_at = '${NEVER}'`)
  const file = join(guichet.folder, `${tag}.frozen`)
  const ending = await guichet.run(`backup ${file}`, env)
  if (ending.code !== 0) throw new Error(ending.stderr)
  const empty = keptTables.filter((name) => ending.json.rows[name] === 0)
  if (empty.length > 0) throw new Error(`Nothing in ${empty.join(', ')}.`)
  await writeFile(join(folder, `${tag}.ndjson`), gunzipSync(await readFile(file)))
  await writeFile(join(folder, `${tag}.json`), `${JSON.stringify(lived, undefined, 2)}\n`)
  await database.drop()
}

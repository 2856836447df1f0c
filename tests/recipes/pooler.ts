import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { untilListening } from './listening.ts'
import { proxyPath } from './programs.ts'

const recipe = resolve(import.meta.dirname, '../../deploy/pgbouncer/pgbouncer.ini')

/** Debian's `nobody`: pgbouncer refuses to run as root. */
const NOBODY = 65_534

export interface Pooler {
  /** The database as it is reached through pgbouncer. */
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts the real pgbouncer before a database, with the file of deploy/: only addresses are put in their place. */
export async function startPooler(databaseUrl: string): Promise<Pooler> {
  const { hostname, port, pathname, username, password } = new URL(databaseUrl)
  const folder = await mkdtemp(join(tmpdir(), 'guichet-pgbouncer-'))
  await chmod(folder, 0o755)
  const ownPort = await freePort()
  const places = {
    'guichet = host=127.0.0.1 port=5432 dbname=guichet': `guichet = host=${hostname} port=${port} dbname=${pathname.slice(1)}`,
    'listen_port = 6432': `listen_port = ${ownPort}`,
    '/etc/pgbouncer': folder,
  }
  let text = await readFile(recipe, 'utf8')
  for (const [from, to] of Object.entries(places)) {
    if (!text.includes(from)) throw new Error(`deploy/pgbouncer/pgbouncer.ini has no ${from}`)
    text = text.replace(from, to)
  }
  await writeFile(join(folder, 'pgbouncer.ini'), text)
  await writeFile(join(folder, 'userlist.txt'), `"${username}" "${password}"\n`)
  const child = spawn('pgbouncer', [join(folder, 'pgbouncer.ini')], {
    env: { PATH: proxyPath },
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(process.getuid?.() === 0 && { uid: NOBODY, gid: NOBODY }),
  })
  let output = ''
  child.stderr.on('data', (chunk) => {
    output += chunk
  })
  const exited = once(child, 'exit')
  const started = await Promise.race([untilListening(ownPort), exited.then(() => false)])
  if (!started) throw new Error(`pgbouncer did not start:\n${output}`)
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${ownPort}/guichet`,
    async stop() {
      child.kill('SIGKILL')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}

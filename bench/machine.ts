import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { canPin } from './cores.ts'
import type { Load } from './load/load.ts'
import { programPath } from './program-path.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'

export interface Machine {
  /** Name and value, in the order of the page. */
  readonly facts: readonly (readonly [string, string])[]
  readonly packages: readonly string[]
  /** The commit that was measured. */
  readonly guichet: string
}

const root = resolve(import.meta.dirname, '..')
const COMMITS = 200

/** Says what the figures were measured on and with. */
export async function describeMachine(stage: Stage, load: Load): Promise<Machine> {
  const processors = cpus()
  const upstream = programPath('nginx') === undefined ? 'node:http' : 'nginx'
  const pinned = canPin
    ? 'servers on core 0; PostgreSQL, load and upstream on core 1'
    : 'none: taskset or a second core is missing'
  return {
    facts: [
      ['Processor', `${processors.length} cores of ${processors[0]?.model.trim() ?? 'an unknown kind'}`],
      ['Memory', `${Math.round(totalmem() / 1024 ** 3)} GiB`],
      ['System', `${systemName()}, Linux ${release()}`],
      ['Pinning', pinned],
      ['Node', process.version],
      ['PostgreSQL', `${stage.postgres.version}; fsync, synchronous_commit and full_page_writes on`],
      [
        'One durable commit',
        `${(await commitMs(await stage.database())).toFixed(2)} ms (median of ${COMMITS})`,
      ],
      ['Load', `${load.name} ${versionOf(load.name, ['-v']) ?? packageVersion(load.name)}`],
      ['Upstream', upstream],
      ['nginx', versionOf('nginx', ['-v']) ?? 'not installed'],
      ['HAProxy', versionOf('haproxy', ['-v']) ?? 'not installed'],
    ],
    guichet: guichetVersion(),
    packages: [
      'hono',
      '@hono/node-server',
      'pg',
      'workerd',
      '@electric-sql/pglite',
      'better-auth',
      '@better-auth/api-key',
      'oidc-provider',
      'express',
      'jsonwebtoken',
      'fastify',
      '@fastify/jwt',
      '@fastify/http-proxy',
    ].map((name) => `${name} ${packageVersion(name)}`),
  }
}

/** What a commit costs here: a disk that does not sync for true would show. */
async function commitMs(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table bench_commits (at timestamptz)')
  const times: number[] = []
  for (let index = 0; index < COMMITS; index++) {
    const before = performance.now()
    await client.query('insert into bench_commits values (now())')
    times.push(performance.now() - before)
  }
  await client.query('drop table bench_commits')
  await client.end()
  return median(times)
}

/** The commit, where there is a repository, and whether more than the docs differs from it; otherwise the version. */
function guichetVersion(): string {
  const git = (...words: string[]) => spawnSync('git', words, { cwd: root, encoding: 'utf8' })
  const { status, stdout } = git('describe', '--always')
  // The docs are where a part that was measured before this one was written to.
  const differs = () => git('diff', '--quiet', 'HEAD', '--', ':!docs').status !== 0
  if (status === 0) return `${stdout.trim()}${differs() ? '-dirty' : ''}`
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version
}

function systemName(): string {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? 'an unknown system'
}

/** The first line that a program says of itself; some say it on standard error. */
function versionOf(program: string, args: readonly string[]): string | undefined {
  const path = programPath(program)
  if (path === undefined) return undefined
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' })
  return /\S*\d+\.\d+\S*/.exec(stdout || stderr)?.[0]?.replace(/^.*\//, '')
}

function packageVersion(name: string): string {
  const file = [import.meta.dirname, root]
    .map((folder) => join(folder, 'node_modules', name, 'package.json'))
    .find((path) => existsSync(path))
  return file === undefined ? '?' : JSON.parse(readFileSync(file, 'utf8')).version
}

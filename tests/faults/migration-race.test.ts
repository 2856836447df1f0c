import { describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { migrateBefore, migrationJournal } from '../support/migrate-before.ts'
import { measured, tellMs } from './support/measured.ts'
import { processAtPort } from './support/process-at-port.ts'
import { rounds } from './support/thorough.ts'

const INSTANCES = rounds(4, 10)
const ROUNDS = rounds(1, 20)
const journal = migrationJournal()

/** Has each statement that changes the schema take a moment longer, so that a migration has a middle to be killed in. */
async function linger(database: TestDatabase, seconds: number): Promise<void> {
  await database.query(`create function linger() returns event_trigger language plpgsql
    as $$ begin perform pg_sleep(${seconds}); end $$`)
  await database.query('create event trigger linger on ddl_command_end execute function linger()')
}

/** Kills the instance that is migrating, `afterMs` after it began; answers its process id. */
async function killMigrator(database: TestDatabase, afterMs: number): Promise<number> {
  const port = await vi.waitUntil(
    async () => {
      const [row] = await database.query(
        `select client_port from pg_locks join pg_stat_activity using (pid)
         where locktype = 'advisory' and granted and application_name = 'guichet migrate' and datname = current_database()`,
      )
      return row?.['client_port'] as number | undefined
    },
    { timeout: 60_000, interval: 10 },
  )
  const pid = await processAtPort(port)
  if (pid === undefined) throw new Error('Nobody holds the connection of the migrating instance.')
  // Not a wait for something: where in its work it is hit must differ.
  await new Promise((done) => setTimeout(done, afterMs))
  process.kill(pid, 'SIGKILL')
  return pid
}

describe.each([
  ['an empty database', 0, 0.01],
  ['a database of the release before', journal.length - 1, 0.1],
] as const)(
  `${INSTANCES} instances that start at once on %s, of which the one that migrates is killed`,
  (schema, migrated, seconds) => {
    it('are all well but that one, which starts again without help: each migration is done once', {
      timeout: ROUNDS * 120_000,
    }, async () => {
      let longestMs = 0
      for (let round = 0; round < ROUNDS; round++) {
        const database = await freshDatabase()
        const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
        const running: GatewayProcess[] = []
        try {
          if (migrated > 0) await migrateBefore(database, journal[migrated]!.tag)
          await linger(database, seconds)
          const startedAt = performance.now()
          const starting = Promise.allSettled(
            Array.from({ length: INSTANCES }, () => startGatewayProcess(env)),
          )
          await killMigrator(database, Math.random() * 300)
          const starts = await starting
          longestMs = Math.max(longestMs, performance.now() - startedAt)
          running.push(...starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])))
          expect(running).toHaveLength(INSTANCES - 1)
          running.push(await startGatewayProcess(env))

          const ready = running.map(({ url }) => call('GET', `${url}/health/ready`))
          expect((await Promise.all(ready)).map(({ status }) => status)).toEqual(running.map(() => 200))
          const done = await database.query('select created_at from drizzle.__drizzle_migrations order by id')
          expect(done.map((row) => Number(row['created_at']))).toEqual(journal.map(({ when }) => when))
          expect(await database.query('select name from clients')).toEqual([{ name: 'admin' }])
          expect(await database.query('select 1 from api_keys')).toHaveLength(1)
          expect(await database.query('select 1 from signing_keys')).toHaveLength(1)
        } finally {
          await Promise.all(running.map((gateway) => gateway.remove()))
          await database.drop()
        }
      }
      measured(
        'F29',
        `${ROUNDS} of ${ROUNDS} rounds of ${INSTANCES} instances on ${schema}, the migrating one killed: each migration once, all others ready within ${tellMs(longestMs)}`,
      )
    })
  },
)

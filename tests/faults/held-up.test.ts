import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { isFault, told, wrongFaults } from './support/checkers.ts'
import {
  ANSWER_MS,
  expectAllKept,
  expectPaceKept,
  type Ground,
  lasting,
  layGround,
  observe,
  refusedProtected,
  summary,
  watch,
} from './support/ground.ts'
import { measured, tellMs } from './support/measured.ts'
import { durationsMs } from './support/operations.ts'
import { rounds } from './support/thorough.ts'

const HELD_MS = rounds(4000, 15_000)
const ROW_HELD_MS = rounds(4000, 30_000)
const POOL_OF_FEW = 2

let ground: Ground

beforeAll(async () => {
  ground = await layGround()
})

afterAll(() => ground?.remove())

describe('a pool of two whose connections are held up', () => {
  it('is whole again afterwards, and nobody waits for long', async () => {
    const { postgres, gateway, stage } = ground
    // By a name of its own, since the other gateway's upkeep waits for the same locks on connections of its own.
    await postgres.query("create role narrow superuser login password 'narrow'")
    const narrow = await startGatewayProcess({
      DATABASE_URL: Object.assign(new URL(postgres.url), { username: 'narrow', password: 'narrow' }).href,
      GUICHET_SECRET: testSecret,
      DATABASE_POOL_MAX: String(POOL_OF_FEW),
    })
    try {
      const connections = watch(() => connectionsOf('narrow'), 100)
      const observed = await observe({ ...ground, gateway: narrow, stage }, async () => {
        const holder = await locked('lock table sessions, api_keys, users in access exclusive mode')
        await lasting(HELD_MS)
        await holder.end()
      })
      await expectAllKept({ ...ground, gateway: narrow }, observed)
      expect(refusedProtected(observed)).toEqual([])
      expectPaceKept(observed)
      // One that was given up on is replaced at once, and its own process at the server may need a moment more to end.
      const most = Math.max(...(await connections.stop()))
      expect(most).toBeLessThanOrEqual(2 * POOL_OF_FEW)
      await expect.poll(() => connectionsOf('narrow')).toBeLessThanOrEqual(POOL_OF_FEW)
      expect(await waitingFor('Lock')).toBe(0)
      measured('F4', `pool of ${POOL_OF_FEW}, never more than ${most} connections; ${summary(observed)}`)
    } finally {
      await narrow.remove()
    }
    expect(gateway.child.exitCode).toBeNull()
  })
})

describe('slow statements', () => {
  it('slow down what needs them, and nothing else', async () => {
    const { postgres } = ground
    await postgres.query('create table slowness (seconds double precision not null)')
    await postgres.query('insert into slowness values (0)')
    await postgres.query(`create function be_slow() returns trigger language plpgsql as $$
      begin perform pg_sleep((select max(seconds) from slowness)); return null; end $$`)
    await postgres.query(
      'create trigger slow before insert or update on sessions for each statement execute function be_slow()',
    )
    const slowest: Record<string, number> = {}
    try {
      for (const seconds of [0.2, 5]) {
        const observed = await observe(ground, async () => {
          await postgres.query('update slowness set seconds = $1', [seconds])
          await lasting(HELD_MS)
          await postgres.query('update slowness set seconds = 0')
        })
        await expectAllKept(ground, observed)
        expect(refusedProtected(observed)).toEqual([])
        expectPaceKept(observed)
        slowest[seconds] = Math.max(...durationsMs(observed.log.all, () => true))
        measured('F5', `statements of ${seconds * 1000} ms: ${summary(observed)}`)
      }
      // A statement of 5 s is given up; one of 200 ms is not.
      expect(slowest[5]).toBeLessThan(ANSWER_MS)
    } finally {
      await postgres.query('drop trigger slow on sessions')
    }
  })
})

describe('the row of one session, held for long', () => {
  it('holds up the refreshes of that session, and nobody else', async () => {
    const { stage } = ground
    const machine = stage.machines[0]!
    const observed = await observe(ground, async () => {
      const holder = await locked(`select 1 from sessions where id = '${machine.sessionId}' for update`)
      await lasting(ROW_HELD_MS)
      await holder.end()
    })
    await expectAllKept(ground, observed)
    const { log, window } = observed
    const isOfIt = ({ lane, kind }: { lane: string; kind: string }) =>
      lane === machine.name && kind === 'refresh'
    const never = { fromMs: 0, untilMs: 0, recoveryMs: 0 }
    expect(wrongFaults({ all: log.all.filter((operation) => !isOfIt(operation)) }, never)).toEqual([])
    const held = log.all.filter((operation) => isOfIt(operation) && isFault(operation))
    expect(held.length).toBeGreaterThan(0)
    expect(held.filter(({ status }) => status !== 503).map(told)).toEqual([])
    const waitedMs = Math.max(...durationsMs(held, () => true))
    measured(
      'F6',
      `row held for ${tellMs(window.untilMs - window.fromMs)}: ${held.length} refreshes of it were 503 after ${tellMs(waitedMs)} at most; of ${log.all.length} other calls none failed`,
    )
  })
})

/** Takes a lock in a transaction that stays open until the client is ended. */
async function locked(statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: ground.postgres.url })
  await client.connect()
  await client.query('begin')
  await client.query(statement)
  return client
}

/** Beside the one that its feed listens on. */
async function connectionsOf(role: string): Promise<number> {
  const rows = await ground.postgres.query(
    `select 1 from pg_stat_activity where application_name = 'guichet' and usename = $1`,
    [role],
  )
  return rows.length
}

async function waitingFor(event: string): Promise<number> {
  const rows = await ground.postgres.query(
    "select 1 from pg_stat_activity where application_name = 'guichet' and wait_event_type = $1",
    [event],
  )
  return rows.length
}

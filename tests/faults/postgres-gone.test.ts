import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import {
  expectAllKept,
  expectPaceKept,
  type Ground,
  lasting,
  layGround,
  observe,
  refusedProtected,
  rssBytes,
  summary,
  watch,
} from './support/ground.ts'
import { measured, tellMs } from './support/measured.ts'
import { rounds } from './support/thorough.ts'

const MIB = 1024 * 1024
const DOWN_MS = rounds(2000, 10_000)
const PAUSED_MS = rounds(4000, 60_000)
const ENDING_MS = rounds(4000, 20_000)
const MAY_GROW_BYTES = 64 * MIB

/** Two instances take the tokens of one another. */
const issuer = { PUBLIC_URL: 'http://gateway.test' }

let ground: Ground
let other: GatewayProcess | undefined

beforeAll(async () => {
  ground = await layGround({ env: issuer })
})

afterAll(async () => {
  await other?.remove()
  await ground?.remove()
})

describe('PostgreSQL killed under load', () => {
  it('is missed for as long as it is gone, and nothing that was acknowledged is lost', async () => {
    const { postgres } = ground
    const observed = await observe(ground, async () => {
      await postgres.kill()
      try {
        await lasting(DOWN_MS)
      } finally {
        await postgres.start()
      }
    })
    await expectAllKept(ground, observed)
    expect(refusedProtected(observed)).toEqual([])
    expectPaceKept(observed)
    measured('F1', summary(observed))
  })
})

describe('PostgreSQL paused under load', () => {
  it('is given up in time, in flat memory, and does nothing twice when it goes on', async () => {
    const { postgres, gateway } = ground
    let grownBytes = 0
    const observed = await observe(ground, async () => {
      const before = await rssBytes(gateway.child.pid)
      const memory = watch(() => rssBytes(gateway.child.pid), 500)
      await postgres.pause()
      try {
        await lasting(PAUSED_MS)
      } finally {
        postgres.resume()
      }
      grownBytes = Math.max(...(await memory.stop())) - before
    })
    await expectAllKept(ground, observed)
    expect(refusedProtected(observed)).toEqual([])
    expectPaceKept(observed)
    expect(grownBytes).toBeLessThan(MAY_GROW_BYTES)
    measured('F2', `${summary(observed)}; memory grew by ${Math.round(grownBytes / MIB)} MiB`)
  })
})

describe('connections ended by the server, one after the other', () => {
  it('cost whoever was on them a 503 at most, leave nothing half written, and no revocation unheard', async () => {
    const { postgres } = ground
    let ended = 0
    other = await startGatewayProcess({
      DATABASE_URL: postgres.url,
      GUICHET_SECRET: testSecret,
      ...issuer,
    })
    const two = { ...ground, others: [other] }
    const observed = await observe(two, async () => {
      const untilMs = performance.now() + ENDING_MS
      while (performance.now() < untilMs) {
        const rows = await postgres.query(`select pg_terminate_backend(pid) from (
          select pid from pg_stat_activity where application_name like 'guichet%' order by random() limit 1) as one`)
        ended += rows.length
        await lasting(20)
      }
    })
    await expectAllKept(two, observed)
    expect(refusedProtected(observed)).toEqual([])
    expect(ended).toBeGreaterThan(ENDING_MS / 500)
    const failed = observed.log.all.filter(({ status }) => status === 503).length
    measured(
      'F3',
      `two instances, ${ended} connections ended in ${tellMs(ENDING_MS)}; ${failed} calls were 503; ${summary(observed)}`,
    )
  })
})

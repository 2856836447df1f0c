import { afterEach, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import type { OwnPostgres } from '../support/own-postgres.ts'
import { type BalancedDatabases, balanceDatabases } from './support/balanced-databases.ts'
import {
  expectAllKept,
  type Ground,
  lasting,
  layGround,
  observe,
  refusedProtected,
  summary,
} from './support/ground.ts'
import { lostWrites } from './support/lost-writes.ts'
import { measured } from './support/measured.ts'
import { rounds } from './support/thorough.ts'

const READ_ONLY_MS = rounds(2500, 15_000)
const WITHOUT_PRIMARY_MS = rounds(1000, 5000)

let ground: Ground | undefined
let standby: OwnPostgres | undefined
let balanced: BalancedDatabases | undefined

afterEach(async () => {
  await ground?.remove()
  await balanced?.close()
  await standby?.remove()
  ground = standby = balanced = undefined
})

describe('PostgreSQL that becomes read-only under load', () => {
  it('costs writes a 503, and reads nothing', async () => {
    ground = await layGround()
    const { postgres, gateway, stage } = ground
    const reads: number[] = []
    const observed = await observe(ground, async () => {
      await readOnly(postgres, true)
      await lasting(READ_ONLY_MS / 2)
      for (const path of ['/api/v1/clients', '/api/v1/audit', '/health/ready']) {
        reads.push((await call('GET', `${gateway.url}${path}`, { token: stage.adminAccess })).status)
      }
      await lasting(READ_ONLY_MS / 2)
      await readOnly(postgres, false)
    })
    await expectAllKept(ground, observed)
    expect(refusedProtected(observed)).toEqual([])
    expect(reads).toEqual([200, 200, 200])
    expect(observed.log.all.some(({ status }) => status === 503)).toBe(true)
    measured('F7', `read-only: ${summary(observed)}`)
  })
})

describe('a primary that dies under load, and a synchronous standby that takes over', () => {
  it('is followed to the new primary, which has all that was acknowledged', async () => {
    ground = await layGround({
      databaseUrl: async (primary) => {
        standby = await primary.startStandby()
        await primary.query("alter system set synchronous_standby_names = '*'")
        await primary.query('select pg_reload_conf()')
        balanced = await balanceDatabases([primary, standby])
        return balanced.url
      },
    })
    const { postgres: primary } = ground
    const observed = await observe(ground, async () => {
      await primary.kill()
      await lasting(WITHOUT_PRIMARY_MS)
      await standby!.query('select pg_promote()')
    })
    await expectAllKept({ ...ground, postgres: standby! }, observed)
    expect(refusedProtected(observed)).toEqual([])
    // Without what the first one remembers: a revocation that did not arrive would show here.
    const fresh = await startGatewayProcess({ DATABASE_URL: balanced!.url, GUICHET_SECRET: testSecret })
    expect(await lostWrites(observed.log, { url: fresh.url, stage: ground.stage })).toEqual([])
    await fresh.remove()
    measured('F7', `failover: ${summary(observed)}`)
  })
})

async function readOnly(postgres: OwnPostgres, isReadOnly: boolean): Promise<void> {
  await postgres.query(`alter system set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`)
  await postgres.query('select pg_reload_conf()')
}

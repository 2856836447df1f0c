import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { measured, tellMs } from './support/measured.ts'
import { quantile } from './support/operations.ts'
import { rounds } from './support/thorough.ts'

/** The long form, of a hundred thousand, is in docs/benchmarks.md. */
const KEYS = rounds(300, 3000)
const LANES = 8
const MAY_GROW_MIB = 96

let database: TestDatabase
let gateway: GatewayProcess
let keys: readonly string[]

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  const apiKey = await gateway.firstKey()
  const token: string = (await exchange(apiKey)).body.data.access
  const client = await call('POST', `${gateway.url}/api/v1/clients`, { token, json: { name: 'many' } })
  const path = `${gateway.url}/api/v1/clients/${client.body.data.id}/keys`
  const made: string[] = []
  await inLanes(Array.from({ length: KEYS }), async () => {
    made.push((await call('POST', path, { token, json: { name: 'one of many' } })).body.data.api_key)
  })
  keys = made
}, 180_000)

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

const exchange = (apiKey: string) => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = [...all.entries()]
  const lane = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next[1])
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

/** Exchanges every key once; answers how long the calls took in all but a hundredth, and what memory the gateway has then. */
async function exchangeAll(): Promise<{ readonly p99Ms: number; readonly rssMib: number }> {
  const durations: number[] = []
  await inLanes(keys, async (key) => {
    const startedAt = performance.now()
    expect((await exchange(key)).status).toBe(200)
    durations.push(performance.now() - startedAt)
  })
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${gateway.child.pid}/status`, 'utf8')) ?? []
  return { p99Ms: quantile(durations, 0.99), rssMib: Math.round(Number(kib) / 1024) }
}

describe(`${KEYS} keys, each exchanged again and again`, () => {
  it('cost no more time and no more memory for having been seen before', { timeout: 180_000 }, async () => {
    const first = await exchangeAll()
    await exchangeAll()
    const last = await exchangeAll()
    expect(last.rssMib - first.rssMib).toBeLessThan(MAY_GROW_MIB)
    expect(last.p99Ms).toBeLessThan(Math.max(200, 3 * first.p99Ms))
    measured(
      'F18',
      `${KEYS} keys three times: ${first.rssMib} MiB after the first time, ${last.rssMib} MiB after the last; p99 ${tellMs(first.p99Ms)} and ${tellMs(last.p99Ms)}. 100,000 keys and a million rows: docs/benchmarks.md`,
    )
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRelay, type Relay } from '../../hostile/relay.ts'
import { freshDatabase, type TestDatabase } from '../../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { scrape } from '../../support/scrape.ts'

/** The second that a scrape waits, and what a busy machine adds. */
const BUDGET_MS = 4000

let database: TestDatabase
let relay: Relay
let gateway: GatewayProcess
let url: string

beforeAll(async () => {
  database = await freshDatabase()
  relay = await openRelay(database.url)
  gateway = await startGatewayProcess({
    DATABASE_URL: relay.url,
    GUICHET_SECRET: testSecret,
    METRICS_PORT: '0',
    // Longer than any scrape may take: what bounds it is the scrape's own deadline.
    DATABASE_CONNECT_TIMEOUT_MS: '20000',
    DATABASE_QUERY_TIMEOUT_MS: '20000',
  })
  url = /"metrics":"([^"]+)"/.exec(gateway.output())?.[1] ?? ''
})

afterAll(async () => {
  await gateway?.remove()
  await relay?.close()
  await database?.drop()
})

describe('a scrape', () => {
  it('of a gateway whose database has fallen silent says so, in time, and all else', async () => {
    relay.fallSilent()
    const startedAt = performance.now()
    const { value } = await scrape(url)
    expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS)
    expect(value('guichet_database_up')).toBe(0)
    expect(value('guichet_mail_outbox_waiting')).toBeUndefined()
    expect(value('guichet_database_connections')).toBeGreaterThan(0)
    expect(value('guichet_verified_tokens')).toBeGreaterThanOrEqual(0)
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0)
  })

  it('at once with twenty others asks no more of it than one', async () => {
    const startedAt = performance.now()
    const all = await Promise.all(Array.from({ length: 20 }, () => scrape(url)))
    expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS)
    expect(all.map(({ value }) => value('guichet_database_up'))).toEqual(Array(20).fill(0))
    expect(all.at(-1)?.value('guichet_database_calls_waiting')).toBeLessThan(10)
  })
})

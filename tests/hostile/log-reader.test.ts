import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const EXIT_WITHIN_MS = 5000

let database: TestDatabase

beforeAll(async () => {
  database = await migratedDatabase()
})

afterAll(() => database.drop())

async function withGateway(use: (gateway: GatewayProcess) => Promise<void>): Promise<void> {
  const gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  try {
    await use(gateway)
  } finally {
    await gateway.remove()
  }
}

const live = async (gateway: GatewayProcess) =>
  (await fetch(`${gateway.url}/health/live`, { signal: AbortSignal.timeout(2000) })).status

/** What the process ends with, or that it did not in time. */
function endOf(gateway: GatewayProcess): Promise<number | string> {
  const late = Promise.withResolvers<string>()
  const timer = setTimeout(() => late.resolve('still running'), EXIT_WITHIN_MS)
  return Promise.race([gateway.stop('SIGTERM'), late.promise]).finally(() => clearTimeout(timer))
}

describe('a gateway whose log nobody reads', () => {
  it.each([0, 1, 20])('ends when asked to, its reader gone %i calls ago', async (calls) => {
    await withGateway(async (gateway) => {
      gateway.child.stdout?.destroy()
      gateway.child.stderr?.destroy()
      for (let made = 0; made < calls; made++) {
        expect((await call('GET', `${gateway.url}/health/live`)).status).toBe(200)
      }
      expect(await endOf(gateway)).toBe(0)
    })
  })

  it('serves on when its reader stands still, and ends when asked to', async () => {
    await withGateway(async (gateway) => {
      gateway.child.stdout?.pause()
      for (let made = 0; made < 4000; made += 50) {
        const statuses = await Promise.all(Array.from({ length: 50 }, () => live(gateway)))
        expect(new Set(statuses)).toEqual(new Set([200]))
      }
      expect(await endOf(gateway)).toBe(0)
    })
  })
})

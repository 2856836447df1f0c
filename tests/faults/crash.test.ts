import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { migratedDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type Acknowledged, change, exchange, expectNothingLost, nothingYet } from './support/acknowledged.ts'

/** Exchanges from four sides at once until the process is killed in the middle of it. */
async function exchangeUntilKilled(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<void> {
  const apiKey = acknowledged.liveKeys.at(-1)!.text
  const before = acknowledged.refreshTokens.length
  let alive = true
  const callers = Array.from({ length: 4 }, async () => {
    while (alive) {
      const answer = await exchange(gateway, apiKey).catch(() => undefined)
      if (answer?.status === 200) acknowledged.refreshTokens.push(answer.body.data.refresh)
    }
  })
  await vi.waitUntil(() => acknowledged.refreshTokens.length >= before + 10, { timeout: 20_000, interval: 1 })
  expect(await gateway.stop('SIGKILL')).toBe('SIGKILL')
  alive = false
  await Promise.all(callers)
}

describe.each([
  ['PGlite', 2],
  ['PostgreSQL', 4],
])('a gateway on %s that is killed %i times', (kind, rounds) => {
  it('has lost nothing that it acknowledged, and starts again without help', {
    timeout: 90_000,
  }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'guichet-test-crash-'))
    const database = kind === 'PGlite' ? undefined : await migratedDatabase()
    const env: Record<string, string> =
      database === undefined ? {} : { DATABASE_URL: database.url, GUICHET_SECRET: testSecret }
    const acknowledged = nothingYet()
    try {
      for (let round = 0; round < rounds; round++) {
        const gateway = await startGatewayProcess(env, { dataDir })
        await expectNothingLost(gateway, acknowledged)
        await change(gateway, acknowledged)
        await exchangeUntilKilled(gateway, acknowledged)
      }
      const survivor = await startGatewayProcess(env, { dataDir })
      await expectNothingLost(survivor, acknowledged)
      expect(await survivor.stop()).toBe(0)
      expect(acknowledged.refreshTokens.length).toBeGreaterThanOrEqual(10 * rounds)
    } finally {
      await database?.drop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})

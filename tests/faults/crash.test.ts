import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

/** All that a gateway has said yes to, whatever became of its process since. */
interface Acknowledged {
  readonly refreshTokens: string[]
  readonly clientIds: string[]
  readonly liveKeys: IssuedKey[]
  readonly withdrawnKeys: IssuedKey[]
}

interface IssuedKey {
  readonly id: string
  readonly text: string
}

const exchange = (gateway: GatewayProcess, apiKey: string) =>
  call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

async function adminAccess(gateway: GatewayProcess): Promise<string> {
  const apiKey = (await readFile(join(gateway.dataDir, 'first-key'), 'utf8')).trim()
  return (await exchange(gateway, apiKey)).body.data.access
}

async function expectNothingLost(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<void> {
  const renewed = acknowledged.refreshTokens.map((refresh) =>
    call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, { json: { refresh } }),
  )
  expect((await Promise.all(renewed)).filter((answer) => answer.status !== 200)).toEqual([])
  for (const key of acknowledged.liveKeys) expect((await exchange(gateway, key.text)).status).toBe(200)
  for (const key of acknowledged.withdrawnKeys) {
    expect((await exchange(gateway, key.text)).body.error.code).toBe('api_key_revoked')
  }
  const { body } = await call('GET', `${gateway.url}/api/v1/clients`, { token: await adminAccess(gateway) })
  const ids = body.data.items.map((client: { id: string }) => client.id)
  expect(ids).toEqual(expect.arrayContaining(acknowledged.clientIds))
  expect(ids).toHaveLength(acknowledged.clientIds.length + 1)
}

/** Makes a client with two keys and withdraws one of them. */
async function change(gateway: GatewayProcess, acknowledged: Acknowledged): Promise<void> {
  const token = await adminAccess(gateway)
  const name = crypto.randomUUID()
  const client = await call('POST', `${gateway.url}/api/v1/clients`, { token, json: { name } })
  expect(client.status).toBe(201)
  acknowledged.clientIds.push(client.body.data.id)
  const issued: IssuedKey[] = []
  for (const keyName of ['kept', 'withdrawn']) {
    const key = await call('POST', `${gateway.url}/api/v1/clients/${client.body.data.id}/keys`, {
      token,
      json: { name: keyName },
    })
    expect(key.status).toBe(201)
    issued.push({ id: key.body.data.id, text: key.body.data.api_key })
  }
  const [kept, withdrawn] = issued
  acknowledged.liveKeys.push(kept!)
  const answer = await call('DELETE', `${gateway.url}/api/v1/keys/${withdrawn!.id}`, { token })
  expect(answer.status).toBe(200)
  acknowledged.withdrawnKeys.push(withdrawn!)
}

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
    const acknowledged: Acknowledged = { refreshTokens: [], clientIds: [], liveKeys: [], withdrawnKeys: [] }
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

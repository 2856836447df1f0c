import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRelay, type Relay } from '../hostile/relay.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

/** Where no announcement comes an instance looks twice a second; and a busy machine takes its time. */
const POLLED_MS = 2500
/** An instance asks its feed every five seconds whether it lives, and waits for the answer for a while. */
const NOTICED_MS = 10_000

let database: TestDatabase
let first: GatewayProcess
let second: GatewayProcess
let relay: Relay
let token: string

beforeAll(async () => {
  database = await migratedDatabase()
  first = await startGatewayProcess(environment())
  const { body } = await exchange(await first.firstKey())
  token = body.data.access
})

beforeEach(async () => {
  relay = await openRelay(database.url)
  second = await startGatewayProcess({ ...environment(), DATABASE_DIRECT_URL: relay.url })
})

afterEach(async () => {
  await second?.remove()
  await relay?.close()
})

afterAll(async () => {
  await first?.remove()
  await database?.drop()
})

const environment = () => ({
  DATABASE_URL: database.url,
  GUICHET_SECRET: testSecret,
  PUBLIC_URL: 'http://gateway.test',
})

const exchange = (apiKey: string) => call('POST', `${first.url}/api/v1/auth/token/`, { json: { apiKey } })

/** Revokes a key at the first instance, and answers how long its token was taken at the second. */
async function revocationMs(): Promise<number> {
  const json = { name: crypto.randomUUID() }
  const client = await call('POST', `${first.url}/api/v1/clients`, { token, json })
  const keys = `${first.url}/api/v1/clients/${client.body.data.id}/keys`
  const key = await call('POST', keys, { token, json: { name: 'k' } })
  const { access } = (await exchange(key.body.data.api_key)).body.data
  const seen = async () => (await call('GET', `${second.url}/api/v1/me`, { token: access })).status
  expect(await seen()).toBe(200)
  await call('DELETE', `${first.url}/api/v1/keys/${key.body.data.id}`, { token })
  const revokedAtMs = performance.now()
  await expect.poll(seen, { timeout: 20_000, interval: 20 }).toBe(401)
  return performance.now() - revokedAtMs
}

describe('an instance whose feed', () => {
  it('is cut and cannot be opened again looks by itself, and says so once', async () => {
    await relay.cut()
    expect(await revocationMs()).toBeLessThan(POLLED_MS)
    expect(await revocationMs()).toBeLessThan(POLLED_MS)
    expect(second.output().split('the revocation feed cannot be opened').length - 1).toBe(1)
    await relay.mend()
    await expect.poll(second.output).toContain('the revocation feed is back')
  })

  it('falls silent without a word notices it, and looks by itself from then on', async () => {
    relay.fallSilent()
    await expect.poll(second.output, { timeout: NOTICED_MS }).toContain('the revocation feed is broken')
    expect(await revocationMs()).toBeLessThan(POLLED_MS)
    await relay.mend()
    await expect.poll(second.output).toContain('the revocation feed is back')
    expect(await revocationMs()).toBeLessThan(POLLED_MS)
  })
})

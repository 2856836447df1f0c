import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { openRelay, type Relay } from './relay.ts'

const BUDGET_MS = 4500

let database: TestDatabase
let relay: Relay
let gateway: GatewayProcess
let apiKey: string
let access: string
let refresh: string

beforeAll(async () => {
  database = await freshDatabase()
  relay = await openRelay(database.url)
  gateway = await startGatewayProcess({ DATABASE_URL: relay.url, GUICHET_SECRET: testSecret })
  apiKey = await gateway.firstKey()
  const { body } = await exchange()
  access = body.data.access
  refresh = body.data.refresh
})

afterAll(async () => {
  await gateway.remove()
  await relay.close()
  await database.drop()
})

const exchange = () => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })

async function expectAway(asked: Promise<Answer>): Promise<void> {
  const startedAt = performance.now()
  const { status, headers, body, text } = await asked
  expect([status, body.error.code]).toEqual([503, 'service_unavailable'])
  expect(performance.now() - startedAt).toBeLessThan(BUDGET_MS)
  expect(headers.get('retry-after')).toMatch(/^[1-9]\d?$/)
  expect(headers.get('x-request-id')).toBe(body.meta.request_id)
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(text).not.toMatch(/sql|select|postgres|ECONN|127\.0\.0\.1|guichet_/i)
}

/** All that needs the database says so in time; all that does not goes on. */
async function expectHalfService(): Promise<void> {
  const admin = { token: access }
  await Promise.all([
    expectAway(exchange()),
    expectAway(call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, { json: { refresh } })),
    expectAway(call('GET', `${gateway.url}/api/v1/clients`, admin)),
    expectAway(call('POST', `${gateway.url}/api/v1/clients`, { ...admin, json: { name: 'x' } })),
    expectAway(call('GET', `${gateway.url}/health/ready`)),
  ])
  const startedAt = performance.now()
  const statusOf = async (path: string, token?: string) =>
    (await call('GET', `${gateway.url}${path}`, { token })).status
  expect(await statusOf('/api/v1/me', access)).toBe(200)
  expect(await statusOf('/api/v1/me', `${access}x`)).toBe(401)
  expect(await statusOf('/health/live')).toBe(200)
  expect(await statusOf('/.well-known/jwks.json')).toBe(200)
  expect(performance.now() - startedAt).toBeLessThan(4000)
  // What is no key is refused without asking anyone.
  const junk = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey: 'gk_junk' } })
  expect(junk.status).toBe(401)
}

async function expectFullService(): Promise<void> {
  // The first calls may meet connections that died; the pool has no more of them than its size.
  let answer = await exchange()
  for (let attempt = 0; answer.status !== 200 && attempt < 10; attempt++) answer = await exchange()
  expect(answer.status).toBe(200)
  expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(200)
}

describe('a gateway whose database is gone', () => {
  it('verifies what it has issued and answers 503 for the rest, when the connection is cut', async () => {
    await relay.cut()
    await expectHalfService()
    await relay.mend()
    await expectFullService()
  })

  it('tells whoever may know what is missing, and nobody else', async () => {
    await relay.cut()
    const ready = async (token?: string) => (await call('GET', `${gateway.url}/health/ready`, { token })).body
    expect((await ready(access)).error.details).toEqual([
      { field: '', message: 'This instance is not ready.', code: 'database_unavailable' },
    ])
    for (const stranger of [undefined, `${access}x`, 'nothing']) {
      const { error } = await ready(stranger)
      expect([error.code, error.details]).toEqual(['service_unavailable', undefined])
    }
    await relay.mend()
    await expectFullService()
  })

  it('does the same, in time, when the database falls silent', async () => {
    relay.fallSilent()
    await expectHalfService()
    // Cut, so that no connection of the silent time is left.
    await relay.cut()
    await relay.mend()
    await expectFullService()
  })

  it('does the same when the database lets nobody in', async () => {
    // Nobody can shut the database that they are in.
    const elsewhere = await freshDatabase()
    await elsewhere.query(
      `alter database ${new URL(database.url).pathname.slice(1)} with allow_connections false`,
    )
    await elsewhere.drop()
    await relay.cut()
    await relay.mend()
    await expectHalfService()
    expect(gateway.child.exitCode).toBeNull()
  })

  it('does the same when the database was dropped', async () => {
    await database.drop()
    await expectHalfService()
    expect(gateway.child.exitCode).toBeNull()
  })

  it('says in its log what is wrong, and never the password or a statement', async () => {
    await expect.poll(gateway.output).toContain('StoreUnavailableError')
    expect(gateway.output()).not.toMatch(/postgres:postgres|select |insert |\$1/i)
  })
})

import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from '../support/call.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts'

// The longest that a caller waits for an answer while the database is away.
const ANSWER_MS = 4500
// How soon after the database is back the gateway serves again, by itself.
const RECOVERY_MS = 5000

let postgres: OwnPostgres
let gateway: GatewayProcess
let narrow: GatewayProcess
let adminKey: string
let access: string

beforeAll(async () => {
  postgres = await startOwnPostgres()
  const env = { DATABASE_URL: postgres.url, GUICHET_SECRET: testSecret }
  gateway = await startGatewayProcess(env)
  narrow = await startGatewayProcess({ ...env, DATABASE_POOL_MAX: '1' })
  adminKey = await gateway.firstKey()
  access = (await exchange(gateway)).body.data.access
})

afterEach(async () => {
  await recovered(gateway)
  await recovered(narrow)
})

afterAll(async () => {
  await narrow?.remove()
  await gateway?.remove()
  await postgres?.remove()
})

const exchange = (at: GatewayProcess) =>
  call('POST', `${at.url}/api/v1/auth/token/`, { json: { apiKey: adminKey } })

const recovered = (at: GatewayProcess) =>
  expect.poll(async () => (await exchange(at)).status, { timeout: RECOVERY_MS, interval: 50 }).toBe(200)

async function timed(asked: Promise<Answer>): Promise<{ readonly answer: Answer; readonly ms: number }> {
  const startedAt = performance.now()
  const answer = await asked
  return { answer, ms: performance.now() - startedAt }
}

async function expectUnavailable(asked: Promise<Answer>): Promise<void> {
  const { answer, ms } = await timed(asked)
  expect([answer.status, answer.body.error.code]).toEqual([503, 'service_unavailable'])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(ms).toBeLessThan(ANSWER_MS)
}

/** What needs no database: liveness, the public keys, and a token that was issued before. */
async function expectStatelessRoutesServe(at: GatewayProcess): Promise<void> {
  const asked = [
    call('GET', `${at.url}/health/live`),
    call('GET', `${at.url}/.well-known/jwks.json`),
    call('GET', `${at.url}/api/v1/me`, { token: access }),
  ]
  for (const { answer, ms } of await Promise.all(asked.map(timed))) {
    expect(answer.status).toBe(200)
    expect(ms).toBeLessThan(2500)
  }
}

describe('a gateway whose database is killed', () => {
  it('answers 503 in time, verifies on, and serves again by itself', async () => {
    await postgres.kill()
    try {
      await expectUnavailable(exchange(gateway))
      await expectUnavailable(call('GET', `${gateway.url}/health/ready`))
      await expectUnavailable(call('GET', `${gateway.url}/api/v1/clients`, { token: access }))
      await expectStatelessRoutesServe(gateway)
    } finally {
      await postgres.start()
    }
    await recovered(gateway)
    expect((await call('GET', `${gateway.url}/health/ready`)).status).toBe(200)
    expect(gateway.child.exitCode).toBeNull()
  })

  it('tells its log what happened, and no credential', async () => {
    expect(gateway.output()).toContain('StoreUnavailableError')
    for (const secret of [adminKey, access, testSecret, 'canary-database-password']) {
      expect(gateway.output()).not.toContain(secret)
    }
  })
})

describe('a gateway whose database is paused', () => {
  it('answers 503 in time, verifies on, and serves again by itself', async () => {
    const { body } = await exchange(gateway)
    await postgres.pause()
    try {
      await expectUnavailable(exchange(gateway))
      const crowd = Array.from({ length: 40 }, () => expectUnavailable(exchange(gateway)))
      await Promise.all([...crowd, expectStatelessRoutesServe(gateway)])
      await expectUnavailable(call('GET', `${gateway.url}/health/ready`))
    } finally {
      postgres.resume()
    }
    await recovered(gateway)
    const renewed = await call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, {
      json: { refresh: body.data.refresh },
    })
    expect(renewed.status).toBe(200)
  })

  it('stops when it is told to', async () => {
    const env = { DATABASE_URL: postgres.url, GUICHET_SECRET: testSecret, SHUTDOWN_GRACE_SECONDS: '1' }
    const leaving = await startGatewayProcess(env)
    await exchange(leaving)
    await postgres.pause()
    try {
      const startedAt = performance.now()
      const unanswered = exchange(leaving).catch(() => undefined)
      expect(await leaving.stop('SIGTERM')).toBe(0)
      expect(performance.now() - startedAt).toBeLessThan(ANSWER_MS)
      await unanswered
    } finally {
      postgres.resume()
      await leaving.remove()
    }
  })
})

describe('a gateway whose connections are all held up', () => {
  it('answers 503 in time to what needs the table, serves the rest, and recovers', async () => {
    const holder = await locked('lock table api_keys in access exclusive mode')
    try {
      const crowd = Array.from({ length: 5 }, () => expectUnavailable(exchange(narrow)))
      await Promise.all([...crowd, expectStatelessRoutesServe(narrow)])
    } finally {
      await holder.end()
    }
    await recovered(narrow)
  })

  it('answers 503 to the withdrawal of a key that another holds, and leaves no statement behind', async () => {
    const keyId = await issueKey()
    const holder = await locked(`select 1 from api_keys where id = '${keyId}' for update`)
    try {
      const withdrawal = call('DELETE', `${gateway.url}/api/v1/keys/${keyId}`, { token: access })
      expect((await exchange(gateway)).status).toBe(200)
      await expectUnavailable(withdrawal)
      // What would still wait here would withdraw the key long after the caller was told that it failed.
      await expect.poll(statementsInWait, { timeout: 10_000, interval: 50 }).toBe(0)
    } finally {
      await holder.end()
    }
  })

  it('holds no more connections than its pool may', async () => {
    const holder = await locked('lock table api_keys in access exclusive mode')
    try {
      for (let round = 0; round < 2; round++) await expectUnavailable(exchange(narrow))
      await expect.poll(statementsInWait, { timeout: 10_000, interval: 50 }).toBeLessThanOrEqual(1)
    } finally {
      await holder.end()
    }
  })
})

describe('a gateway whose idle connections are ended by the server', () => {
  it('lives, and serves the next call', async () => {
    for (let round = 0; round < 3; round++) {
      expect((await exchange(gateway)).status).toBe(200)
      const ended = await postgres.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'guichet'",
      )
      expect(ended.length).toBeGreaterThan(0)
      await recovered(gateway)
    }
    expect(gateway.output()).toContain('an idle database connection was lost')
    expect(gateway.child.exitCode).toBeNull()
  })

  it('never answers 500 while connections are being ended under load', async () => {
    const statuses = new Set<number>()
    let ending = true
    const load = Array.from({ length: 8 }, async () => {
      while (ending) statuses.add((await exchange(gateway)).status)
    })
    for (let round = 0; round < 30; round++) {
      await postgres.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'guichet'",
      )
    }
    ending = false
    await Promise.all(load)
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([])
  })
})

/** Takes a lock in a transaction that stays open until the client is ended. */
async function locked(statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  await client.query('begin')
  await client.query(statement)
  return client
}

async function issueKey(): Promise<string> {
  const client = await call('POST', `${gateway.url}/api/v1/clients`, {
    token: access,
    json: { name: `held up ${crypto.randomUUID()}` },
  })
  const key = await call('POST', `${gateway.url}/api/v1/clients/${client.body.data.id}/keys`, {
    token: access,
    json: { name: 'held up' },
  })
  return key.body.data.id
}

async function statementsInWait(): Promise<number> {
  const rows = await postgres.query(
    "select 1 from pg_stat_activity where application_name = 'guichet' and wait_event_type = 'Lock'",
  )
  return rows.length
}

import { once } from 'node:events'
import { createServer } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { listenSomewhere } from '../support/listen-somewhere.ts'
import { measured, tellMs } from './support/measured.ts'

const GRACE_SECONDS = 1
// The second that is promised, and another for a machine that is busy with other tests.
const GONE_WITHIN_MS = GRACE_SECONDS * 1000 + 2000

const server = createServer()
let upstream: Awaited<ReturnType<typeof listenSomewhere>>
let database: TestDatabase
let gateway: GatewayProcess
let token: string

/** Starts a gateway with a silent API behind it. */
async function start(): Promise<void> {
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    SHUTDOWN_GRACE_SECONDS: String(GRACE_SECONDS),
    UPSTREAM_URL: `http://127.0.0.1:${upstream.port}`,
  })
}

beforeAll(async () => {
  // It takes every call and answers none.
  upstream = await listenSomewhere(server)
  database = await migratedDatabase()
  await start()
  const apiKey = await gateway.firstKey()
  token = (await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })).body.data.access
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
  await database?.drop()
})

async function stopped(): Promise<number> {
  const startedAt = performance.now()
  expect(await gateway.stop('SIGTERM')).toBe(0)
  return performance.now() - startedAt
}

describe('a gateway that is told to stop', { timeout: 40_000 }, () => {
  it('exits at the end of its grace though an upstream never answers, and the caller sees a cut', async () => {
    const arrived = once(server, 'request')
    const asked = call('GET', `${gateway.url}/orders`, { token }).then(
      ({ status }) => status,
      (error) => error.cause?.code ?? error.name,
    )
    await arrived
    const tookMs = await stopped()
    expect(tookMs).toBeGreaterThan(GRACE_SECONDS * 1000 - 50)
    expect(tookMs).toBeLessThan(GONE_WITHIN_MS)
    expect(['UND_ERR_SOCKET', 'ECONNRESET']).toContain(await asked)
    await gateway.remove()
    measured(
      'F14',
      `an upstream that never answers: exit code 0 after ${tellMs(tookMs)} with a grace of ${GRACE_SECONDS} s`,
    )
  })

  it('leaves a write that waits for the database undone or whole', async () => {
    await start()
    const clients = `${gateway.url}/api/v1/clients`
    const client = await call('POST', clients, { token, json: { name: 'held up' } })
    const made = await call('POST', `${clients}/${client.body.data.id}/keys`, {
      token,
      json: { name: 'key' },
    })
    const keyId: string = made.body.data.id
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    await holder.query('begin')
    await holder.query('select 1 from api_keys where id = $1 for update', [keyId])
    const asked = call('DELETE', `${gateway.url}/api/v1/keys/${keyId}`, { token }).catch(() => undefined)
    await vi.waitUntil(async () => (await waiting()).length > 0, { timeout: 10_000, interval: 20 })
    const tookMs = await stopped()
    expect(tookMs).toBeLessThan(GONE_WITHIN_MS)
    await vi.waitUntil(async () => (await waiting()).length === 0, { timeout: 10_000, interval: 20 })
    await holder.query('commit')
    await holder.end()
    const answer = await asked
    const [key] = await database.query('select revoked_at from api_keys where id = $1', [keyId])
    const deeds = await database.query(
      "select 1 from audit_events where kind = 'key.revoke' and target = $1",
      [keyId],
    )
    // What the log tells is what is so, and neither happened: it was refused, or nobody heard of it.
    expect([key?.['revoked_at'] !== null, deeds.length > 0]).toEqual([false, false])
    expect([undefined, 503]).toContain(answer?.status)
    measured(
      'F14',
      `a write that waits for a lock: exit code 0 after ${tellMs(tookMs)}, nothing of it written`,
    )
  })
})

/** Statements of gateways that wait for a lock. */
const waiting = () =>
  database.query(
    "select 1 from pg_stat_activity where application_name = 'guichet' and wait_event_type = 'Lock' and datname = current_database()",
  )

import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openRelay, type Relay } from '../hostile/relay.ts'
import { type Answer, call } from '../support/call.ts'
import { codeOf } from '../support/degraded-stage.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres.ts'
import { scrape } from '../support/scrape.ts'

/** How long a busy machine may take for what an instance does by itself each second. */
const SOON = { timeout: 20_000, interval: 50 }

/** The longest that a caller waits for an answer while the database is away: as without this. */
const ANSWER_MS = 4500

let postgres: OwnPostgres
let relay: Relay
/** Its way to the database can be cut. */
let cut: GatewayProcess
/** Its way stays, as long as the database lives. */
let whole: GatewayProcess
let adminKey: string

const env = (url: string) => ({ DATABASE_URL: url, GUICHET_SECRET: testSecret })

beforeAll(async () => {
  postgres = await startOwnPostgres()
  relay = await openRelay(postgres.url)
  whole = await startGatewayProcess(env(postgres.url))
  adminKey = await whole.firstKey()
  cut = await startGatewayProcess({ ...env(relay.url), DEGRADED_EXCHANGE_SECONDS: '600', METRICS_PORT: '0' })
}, 90_000)

afterAll(async () => {
  await cut?.remove()
  await whole?.remove()
  await relay?.close()
  await postgres?.remove()
})

beforeEach(async () => {
  for (const at of [cut, whole]) await expect.poll(() => isReady(at), SOON).toBe(true)
})

const isReady = async (at: GatewayProcess) => (await call('GET', `${at.url}/health/ready`)).status === 200
const exchange = (apiKey: string, at = cut) =>
  call('POST', `${at.url}/api/v1/auth/token/`, { json: { apiKey } })
const refresh = async (token: string, at = cut) =>
  codeOf(await call('POST', `${at.url}/api/v1/auth/token/refresh/`, { json: { refresh: token } }))
const me = async (token: string, at = cut) => codeOf(await call('GET', `${at.url}/api/v1/me`, { token }))

async function asAdmin(method: string, path: string, json?: unknown): Promise<Answer> {
  const token = (await exchange(adminKey, whole)).body.data.access
  return call(method, `${whole.url}/api/v1${path}`, { token, ...(json !== undefined && { json }) })
}

async function aKey(): Promise<{ readonly id: string; readonly apiKey: string }> {
  const client = await asAdmin('POST', '/clients', {
    name: crypto.randomUUID(),
    permissions: ['orders:read'],
  })
  const key = await asAdmin('POST', `/clients/${client.body.data.id}/keys`, { name: 'k' })
  return { id: key.body.data.id, apiKey: key.body.data.api_key }
}

async function aSeenKey(at = cut) {
  const key = await aKey()
  expect((await exchange(key.apiKey, at)).status).toBe(200)
  return key
}

async function fromMemory(apiKey: string, at = cut): Promise<{ access: string; refresh: string }> {
  const answer = await exchange(apiKey, at)
  expect([answer.status, answer.body.meta]).toEqual([200, expect.objectContaining({ degraded: true })])
  return answer.body.data
}

const wholeSeconds = () => Math.floor(Date.now() / 1000)

const metric = async (name: string, labels = {}) => {
  const ready = cut
    .output()
    .split('\n')
    .find((line) => line.includes('"ready"'))
  return (await scrape(JSON.parse(ready ?? '{}').metrics)).value(name, labels)
}

describe('a gateway whose database is killed, and which may exchange from memory', {
  timeout: 90_000,
}, () => {
  it('exchanges seen keys on, no other, and writes all down by itself when the database is back', async () => {
    const seen = await aSeenKey()
    const [unseen, revoked] = [await aKey(), await aSeenKey()]
    await asAdmin('DELETE', `/keys/${revoked.id}`)
    // Heard of, as every revocation is within a second.
    await expect.poll(async () => (await exchange(revoked.apiKey)).status, SOON).toBe(401)
    const old = (await exchange(seen.apiKey)).body.data
    await postgres.kill()
    const pairs = []
    try {
      for (let round = 0; round < 3; round++) pairs.push(await fromMemory(seen.apiKey))
      expect(codeOf(await exchange(unseen.apiKey))).toBe('503 service_unavailable')
      expect((await exchange(revoked.apiKey)).status).not.toBe(200)
      expect(codeOf(await exchange(seen.apiKey, whole))).toBe('503 service_unavailable')
      for (const pair of pairs) {
        expect([await me(pair.access), await refresh(pair.refresh)]).toEqual([
          '200',
          '503 service_unavailable',
        ])
      }
      expect([await me(old.access), await refresh(old.refresh)]).toEqual(['200', '503 service_unavailable'])
      expect(await metric('guichet_degraded_exchanges_total')).toBe(3)
      expect(await metric('guichet_sessions_unwritten')).toBe(3)
    } finally {
      await postgres.start()
    }
    // From the moment of its return on: a refresh may be told to wait, and never that its token is no good.
    const seenCodes = new Set<string>()
    for (const at of [whole, cut]) {
      for (const pair of pairs) {
        await expect
          .poll(async () => {
            const code = await refresh(pair.refresh, at)
            seenCodes.add(code)
            return code
          }, SOON)
          .toBe('200')
      }
    }
    expect([...seenCodes].filter((code) => code !== '200' && !code.startsWith('503 '))).toEqual([])
    const rows = await postgres.query(
      "select details from audit_events where kind = 'exchange' and key_id = $1 and details ? 'degraded'",
      [seen.id],
    )
    expect(rows).toHaveLength(3)
    await expect.poll(() => metric('guichet_sessions_unwritten'), SOON).toBe(0)
    expect(await metric('guichet_sessions_written_back_total', { outcome: 'opened' })).toBe(3)
    expect(cut.requestLines().filter(({ degraded }) => degraded === true)).toHaveLength(3)
    expect(cut.output()).toContain('the database is away: API keys are exchanged from memory')
    await expect
      .poll(() => cut.output(), SOON)
      .toMatch(/"opened":3,"ended":0,"msg":"the sessions that were opened from memory are written"/)
    for (const { access, refresh: token } of pairs) {
      for (const secret of [access, token, seen.apiKey]) expect(cut.output()).not.toContain(secret)
    }
  })
})

describe('a gateway whose database is paused, and which may exchange from memory', {
  timeout: 90_000,
}, () => {
  it('exchanges for a crowd, each in the time that the database is given', async () => {
    const { apiKey } = await aSeenKey()
    await postgres.pause()
    const pairs: { refresh: string }[] = []
    try {
      const startedAt = performance.now()
      const crowd = Array.from({ length: 40 }, () => fromMemory(apiKey))
      pairs.push(...(await Promise.all(crowd)))
      expect(performance.now() - startedAt).toBeLessThan(ANSWER_MS)
    } finally {
      postgres.resume()
    }
    await expect.poll(() => metric('guichet_sessions_unwritten'), SOON).toBe(0)
    const renewed = await Promise.all(pairs.map(({ refresh: token }) => refresh(token, whole)))
    expect(new Set(renewed)).toEqual(new Set(['200']))
  })
})

describe('a gateway that can read and count, and open no session', { timeout: 90_000 }, () => {
  it('exchanges from memory, and no key that has a limit', async () => {
    const [free, limited] = [await aSeenKey(), await aSeenKey()]
    const limit = { rate_limit: { limit: 1000, window_seconds: 60 } }
    await asAdmin('PATCH', `/keys/${limited.id}`, limit)
    const metered = async () => (await exchange(limited.apiKey)).headers.get('ratelimit')
    await expect.poll(metered, SOON).not.toBeNull()
    const holder = new pg.Client({ connectionString: postgres.url })
    await holder.connect()
    await holder.query('begin')
    await holder.query('lock table sessions in access exclusive mode')
    try {
      const answers = [exchange(limited.apiKey), fromMemory(free.apiKey)] as const
      expect(codeOf(await answers[0])).toBe('503 service_unavailable')
      await answers[1]
    } finally {
      await holder.end()
    }
    await expect.poll(() => metric('guichet_sessions_unwritten'), SOON).toBe(0)
  })
})

describe('a gateway that alone has lost its way to the database', { timeout: 90_000 }, () => {
  it('ends what it gave to a key that was revoked meanwhile, on every instance', async () => {
    const key = await aSeenKey()
    await relay.cut()
    let pair: { access: string; refresh: string }
    try {
      await asAdmin('DELETE', `/keys/${key.id}`)
      pair = await fromMemory(key.apiKey)
      // The other one knows that the key is dead, and that the session may yet come.
      expect([await me(pair.access, whole), await refresh(pair.refresh, whole)]).toEqual([
        '401 token_revoked',
        '503 session_unwritten',
      ])
      expect(await me(pair.access)).toBe('200')
    } finally {
      await relay.mend()
    }
    for (const at of [cut, whole]) {
      await expect.poll(() => refresh(pair.refresh, at), SOON).toBe('401 session_revoked')
      await expect.poll(() => me(pair.access, at), SOON).toBe('401 token_revoked')
    }
    const [session] = await postgres.query(
      'select revoked_at from sessions where key_id = $1 order by id desc',
      [key.id],
    )
    expect(session?.['revoked_at']).not.toBeNull()
  })

  it('ends what it gave with permissions that were taken away meanwhile, where the key lives on', async () => {
    const key = await aSeenKey()
    await relay.cut()
    let pair: { access: string; refresh: string }
    try {
      await asAdmin('PATCH', `/keys/${key.id}`, { permissions: [] })
      const cutOffSecond = wholeSeconds()
      // In a later second than the cut-off, which so does not reach it.
      await expect.poll(wholeSeconds, SOON).toBeGreaterThan(cutOffSecond)
      pair = await fromMemory(key.apiKey)
    } finally {
      await relay.mend()
    }
    for (const at of [cut, whole])
      await expect.poll(() => me(pair.access, at), SOON).toBe('401 token_revoked')
  })

  it('says at its stop how many sessions are lost with it', async () => {
    const leaving = await startGatewayProcess({ ...env(relay.url), DEGRADED_EXCHANGE_SECONDS: '600' })
    try {
      const { apiKey } = await aSeenKey(leaving)
      await relay.cut()
      for (let round = 0; round < 2; round++) await fromMemory(apiKey, leaving)
      expect(await leaving.stop('SIGTERM')).toBe(0)
      const lost = leaving
        .output()
        .split('\n')
        .find((line) => line.includes('are lost'))
      expect(JSON.parse(lost ?? '{}')).toMatchObject({ level: 50, sessions: 2 })
    } finally {
      await relay.mend()
      await leaving.remove()
    }
  })

  it('writes at its stop what it can', async () => {
    const leaving = await startGatewayProcess({ ...env(relay.url), DEGRADED_EXCHANGE_SECONDS: '600' })
    try {
      const { apiKey } = await aSeenKey(leaving)
      await relay.cut()
      const pair = await fromMemory(apiKey, leaving)
      await relay.mend()
      expect(await leaving.stop('SIGTERM')).toBe(0)
      expect(leaving.output()).not.toContain('are lost')
      expect(await refresh(pair.refresh, whole)).toBe('200')
    } finally {
      await relay.mend()
      await leaving.remove()
    }
  })
})

import { decodeJwt } from 'jose'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { checkFeed } from '../../src/runtime/cli/checks/feed-check.ts'
import { call } from '../support/call.ts'
import { freshDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type Pooler, startPooler } from './pooler.ts'

/** Longer than a poll of who does not hear, and shorter than one of who does. */
const HEARD_WITHIN_MS = 2500

describe.each([
  ['with a direct connection beside it', true],
  ['without one', false],
])('two gateways behind pgbouncer in transaction mode, %s', (_, direct) => {
  let database: TestDatabase
  let pooler: Pooler
  let gateways: readonly GatewayProcess[] = []
  let apiKey: string

  beforeAll(async () => {
    database = await freshDatabase()
    pooler = await startPooler(database.url)
    const env = {
      DATABASE_URL: pooler.url,
      ...(direct && { DATABASE_DIRECT_URL: database.url }),
      DATABASE_PREPARE: 'off',
      GUICHET_SECRET: testSecret,
    }
    // One after the other: the second meets what the first one's migrations left behind in the pooler.
    const first = await startGatewayProcess(env)
    gateways = [first]
    apiKey = await first.firstKey()
    gateways = [first, await startGatewayProcess(env)]
  }, 90_000)

  afterAll(async () => {
    for (const gateway of gateways) await gateway.remove()
    await pooler?.stop()
    await database?.drop()
  })

  const post = (at: number, path: string, options: Parameters<typeof call>[2]) =>
    call('POST', `${gateways[at]!.url}${path}`, options)
  const me = async (at: number, token: string) =>
    (await call('GET', `${gateways[at]!.url}/api/v1/me`, { token })).status
  const exchange = async (at: number) =>
    (await post(at, '/api/v1/auth/token/', { json: { apiKey } })).body.data

  it('exchange, refresh and verify, many at a time over few connections', async () => {
    const rounds = Array.from({ length: 60 }, async (_, round) => {
      const { access, refresh } = await exchange(round % 2)
      const renewed = await post((round + 1) % 2, '/api/v1/auth/token/refresh/', { json: { refresh } })
      return [renewed.status, await me(round % 2, access), await me(round % 2, renewed.body.data.access)]
    })
    expect(new Set((await Promise.all(rounds)).map(String))).toEqual(new Set(['200,200,200']))
  })

  it('hear within the second that the other one revoked', async () => {
    const { access } = await exchange(0)
    expect(await me(1, access)).toBe(200)
    const own = `${gateways[0]!.url}/api/v1/tokens/${decodeJwt(access).jti}`
    expect((await call('DELETE', own, { token: access })).status).toBeLessThan(300)
    await vi.waitUntil(async () => (await me(1, access)) === 401, { timeout: HEARD_WITHIN_MS, interval: 50 })
  })

  it('know whether they hear', () => {
    const said = gateways.map(({ output }) => output().includes('no announcement arrives'))
    expect(said).toEqual([!direct, !direct])
  })

  it('have a doctor who knows it too', async () => {
    const directUrl = direct ? database.url : undefined
    const waits = { poolMax: 1, connectTimeoutMs: 5000, queryTimeoutMs: 5000 }
    const check = await checkFeed({ url: pooler.url, directUrl, ...waits })
    expect(check).toMatchObject(direct ? { status: 'ok' } : { status: 'warn' })
    if (!direct) expect(check.remedy).toContain('DATABASE_DIRECT_URL')
  })

  it('leave no lock behind', async () => {
    const locks = "select count(*)::int as held from pg_locks where locktype = 'advisory' and granted"
    await vi.waitUntil(async () => (await database.query(locks))[0]?.['held'] === 0, { timeout: 10_000 })
  })

  it('have the server give up on what they gave up on', async () => {
    const client = new pg.Client({ connectionString: pooler.url })
    await client.connect()
    try {
      expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '1500ms' }])
    } finally {
      await client.end()
    }
  })
})

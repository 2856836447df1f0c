import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepSigningKeys } from '../../src/core/tokens/keep-signing-keys.ts'
import { createNodeWorld } from '../../src/runtime/node-world.ts'
import { openPostgres } from '../../src/runtime/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { testPolicy } from '../support/test-gateway.ts'

const CALLS = 400
const WORKERS = 8
/** Far less than the five seconds after which an instance looks by itself, and time enough on a busy machine. */
const FEED_MS = 2000

let database: TestDatabase
let first: GatewayProcess
let second: GatewayProcess
let apiKey: string

beforeAll(async () => {
  database = await migratedDatabase()
  const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, PUBLIC_URL: 'http://gateway.test' }
  first = await startGatewayProcess(env)
  second = await startGatewayProcess(env)
  apiKey = await first.firstKey()
})

afterAll(async () => {
  await Promise.all([first?.remove(), second?.remove()])
  await database?.drop()
})

async function newToken(gateway: GatewayProcess): Promise<string> {
  const { status, body } = await call('POST', `${gateway.url}/api/v1/auth/token`, { json: { apiKey } })
  expect(status).toBe(200)
  return body.data.access
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid!

const statusOf = async (gateway: GatewayProcess, token: string) =>
  (await call('GET', `${gateway.url}/api/v1/me`, { token })).status

async function rotate(now: boolean): Promise<string> {
  const { status, body } = await call('POST', `${first.url}/api/v1/signing-keys/rotate`, {
    token: await newToken(first),
    json: { now },
  })
  expect(status).toBe(201)
  return body.data.kid
}

describe('two instances', () => {
  it('that find a key due at the same moment make one', async () => {
    const own = await migratedDatabase()
    const process = await startGatewayProcess({ DATABASE_URL: own.url, GUICHET_SECRET: testSecret })
    await process.remove()
    await own.query("update signing_keys set active_from = active_from - interval '31 days'")
    const settings = { url: own.url, poolMax: 10, connectTimeoutMs: 2000, queryTimeoutMs: 5000 }
    const opened = [openPostgres(settings, () => {}), openPostgres(settings, () => {})]
    const worlds = opened.map(({ db }) => createNodeWorld(createStore(db), [testSecret], { raise: () => {} }))
    const ticks = Array.from({ length: 20 }, (_, index) => keepSigningKeys(worlds[index % 2]!, testPolicy))
    const kept = await Promise.all(ticks)
    expect(new Set(kept.map((records) => records.map(({ kid }) => kid).join()))).toHaveLength(1)
    expect(await own.query('select count(*)::int from signing_keys')).toEqual([{ count: 2 }])
    await Promise.all(opened.map(({ close }) => close()))
    await own.drop()
  })

  it('refuse no token while the key that signs changes under load', { timeout: 60_000 }, async () => {
    const kids = new Set<string>()
    const refused: number[] = []
    let left = CALLS
    const drive = async (worker: number) => {
      const [here, there] = worker % 2 === 0 ? [first, second] : [second, first]
      while (left-- > 0) {
        const token = await newToken(here)
        kids.add(kidOf(token))
        const statuses = await Promise.all([statusOf(here, token), statusOf(there, token)])
        refused.push(...statuses.filter((status) => status !== 200))
      }
    }
    const load = Promise.all(Array.from({ length: WORKERS }, (_, worker) => drive(worker)))
    const next = await rotate(false)
    // The fifteen minutes are over, for everybody at the same moment.
    await database.query(
      `with moment as (select now() + interval '200 milliseconds' as at),
            next as (update signing_keys set active_from = at from moment where kid = $1 returning 1),
            last as (update signing_keys set retires_at = at from moment where kid <> $1 returning 1)
       select pg_notify('guichet', '{"type":"signing-keys"}'), (select count(*) from next), (select count(*) from last)`,
      [next],
    )
    await load
    expect(refused).toEqual([])
    expect(kids.size).toBe(2)
    expect(kids).toContain(next)
  })

  it('end the tokens of every earlier key on every instance, by the feed, in an emergency rotation', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => newToken(second)))
    expect(await statusOf(second, tokens[0]!)).toBe(200)
    const next = await rotate(true)
    const since = performance.now()
    const alive = async () => {
      const statuses = await Promise.all(
        tokens.flatMap((token) => [statusOf(first, token), statusOf(second, token)]),
      )
      return statuses.filter((status) => status !== 401).length
    }
    while ((await alive()) > 0) expect(performance.now() - since).toBeLessThan(FEED_MS)
    expect(performance.now() - since).toBeLessThan(FEED_MS)
    for (const gateway of [first, second]) {
      const token = await newToken(gateway)
      expect(kidOf(token)).toBe(next)
      expect([await statusOf(first, token), await statusOf(second, token)]).toEqual([200, 200])
    }
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { forgetStatements, migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const TOKENS = 200

let database: TestDatabase
let first: GatewayProcess
let second: GatewayProcess
let admin: string

const environment = () => ({
  DATABASE_URL: database.url,
  GUICHET_SECRET: testSecret,
  PUBLIC_URL: 'http://gateway.test',
})

beforeAll(async () => {
  database = await migratedDatabase()
  await database.query('create extension pg_stat_statements')
  first = await startGatewayProcess(environment())
  second = await startGatewayProcess(environment())
  const tokens = await call('POST', `${first.url}/api/v1/auth/token`, {
    json: { apiKey: await first.firstKey() },
  })
  admin = tokens.body.data.access
})

afterAll(async () => {
  await Promise.all([first?.remove(), second?.remove()])
  await database?.drop()
})

async function newTokens(count: number) {
  const asAdmin = (path: string, json: unknown) =>
    call('POST', `${first.url}/api/v1${path}`, { token: admin, json })
  const client = await asAdmin('/clients', { name: crypto.randomUUID() })
  const key = await asAdmin(`/clients/${client.body.data.id}/keys`, { name: 'k' })
  const tokens: string[] = []
  for (let index = 0; index < count; index++) {
    const json = { apiKey: key.body.data.api_key }
    tokens.push((await call('POST', `${first.url}/api/v1/auth/token`, { json })).body.data.access)
  }
  return { tokens, keyId: key.body.data.id as string, clientId: client.body.data.id as string }
}

const statuses = (gateway: GatewayProcess, tokens: readonly string[]) =>
  Promise.all(tokens.map(async (token) => (await call('GET', `${gateway.url}/api/v1/me`, { token })).status))

/** Asks again and again until every token is dead, and answers how long that took, in milliseconds. */
async function untilDead(gateway: GatewayProcess, tokens: readonly string[], since: number): Promise<number> {
  for (;;) {
    const alive = (await statuses(gateway, tokens)).filter((status) => status !== 401)
    const elapsed = performance.now() - since
    if (alive.length === 0 || elapsed > 5000) return elapsed
  }
}

/** Far less than the five seconds after which an instance looks by itself, and time enough on a busy machine. */
const FEED_MS = 2000

describe('a revocation', () => {
  it('ends all live tokens of a key on every instance, by the feed', async () => {
    const { tokens, keyId } = await newTokens(TOKENS)
    expect(new Set(await statuses(second, tokens))).toEqual(new Set([200]))
    await call('DELETE', `${first.url}/api/v1/keys/${keyId}`, { token: admin })
    const since = performance.now()
    const took = await Promise.all([first, second].map((gateway) => untilDead(gateway, tokens, since)))
    expect(Math.max(...took)).toBeLessThan(FEED_MS)
  })

  it('of a session, of one token and of a client reaches the other instance too', async () => {
    const { tokens, clientId } = await newTokens(3)
    const claims = tokens.map((token) =>
      JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()),
    )
    const since = performance.now()
    await call('DELETE', `${first.url}/api/v1/sessions/${claims[0].sid}`, { token: admin })
    expect(await untilDead(second, [tokens[0]!], since)).toBeLessThan(FEED_MS)
    await call('DELETE', `${first.url}/api/v1/tokens/${claims[1].jti}`, { token: admin })
    expect(await untilDead(second, [tokens[1]!], performance.now())).toBeLessThan(FEED_MS)
    expect(await statuses(second, [tokens[2]!])).toEqual([200])
    await call('POST', `${first.url}/api/v1/clients/${clientId}/cut-off`, { token: admin })
    expect(await untilDead(second, [tokens[2]!], performance.now())).toBeLessThan(FEED_MS)
  })

  it('survives a restart', async () => {
    const { tokens, keyId } = await newTokens(1)
    await call('DELETE', `${first.url}/api/v1/keys/${keyId}`, { token: admin })
    const third = await startGatewayProcess(environment())
    expect(await statuses(third, tokens)).toEqual([401])
    await third.remove()
  })

  it('reaches an instance whose feed was cut in the meantime', async () => {
    const { tokens, keyId } = await newTokens(1)
    expect(await statuses(second, tokens)).toEqual([200])
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'guichet feed' and datname = current_database()",
    )
    await call('DELETE', `${first.url}/api/v1/keys/${keyId}`, { token: admin })
    expect(await untilDead(second, tokens, performance.now())).toBeLessThan(4500)
    await expect.poll(second.output).toContain('the revocation feed is broken')
  })
})

describe('a verified call', () => {
  it('costs no database statement', async () => {
    const { tokens } = await newTokens(1)
    await statuses(second, tokens)
    await forgetStatements(database)
    await statuses(
      second,
      Array.from({ length: 300 }, () => tokens[0]!),
    )
    const rows = await database.query(
      `select s.calls::int from pg_stat_statements s join pg_database d on d.oid = s.dbid
       where d.datname = current_database() and s.query not like '%pg_stat_statements%'`,
    )
    // What is left is the upkeep of two processes: a few statements a second, whatever the load.
    expect(rows.reduce((sum, row) => sum + Number(row['calls']), 0)).toBeLessThan(200)
  })
})

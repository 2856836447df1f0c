import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText, parseApiKey } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

let database: TestDatabase
let gateway: GatewayProcess
let second: GatewayProcess
let adminKey: string
let admin: string

beforeAll(async () => {
  database = await migratedDatabase()
  await database.query('create extension pg_stat_statements')
  const env = { DATABASE_URL: database.url, GUICHET_SECRET: testSecret, RATE_LIMITS: 'off' }
  gateway = await startGatewayProcess(env)
  second = await startGatewayProcess(env)
  adminKey = await gateway.firstKey()
  admin = (await exchange(adminKey)).body.data.access
})

afterAll(async () => {
  await Promise.all([gateway.remove(), second.remove()])
  await database.drop()
})

const exchange = (apiKey: string, at = gateway) =>
  call('POST', `${at.url}/api/v1/auth/token/`, { json: { apiKey } })
const refreshAt = (refresh: string, at = gateway) =>
  call('POST', `${at.url}/api/v1/auth/token/refresh/`, { json: { refresh } })
const me = (token: string, at = gateway) => call('GET', `${at.url}/api/v1/me`, { token })

/** A fresh client's key, with its id. */
async function issueKey(): Promise<{ readonly id: string; readonly apiKey: string }> {
  const client = await call('POST', `${gateway.url}/api/v1/clients`, {
    token: admin,
    json: { name: crypto.randomUUID(), permissions: ['orders:read'] },
  })
  const key = await call('POST', `${gateway.url}/api/v1/clients/${client.body.data.id}/keys`, {
    token: admin,
    json: { name: 'a key' },
  })
  return { id: key.body.data.id, apiKey: key.body.data.api_key }
}

/** How many statements this database has run that name the keys or the sessions. */
async function statements(): Promise<number> {
  const [row] = await database.query(
    `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
     where dbid = (select oid from pg_database where datname = current_database())
     and (query like '%"api_keys"%' or query like '%"sessions"%')
     and query not like '%pg_stat_statements%'`,
  )
  return Number(row?.['calls'])
}

/** Every text that differs from `text` in one character at or after `from`. */
const oneOff = (text: string, from: number) =>
  [...text.slice(from)].map((character, index) => {
    const other = BASE62[(BASE62.indexOf(character) + 1 + index) % 62]!
    return text.slice(0, from + index) + (other === character ? '-' : other) + text.slice(from + index + 1)
  })

describe('an API key', () => {
  it('is drawn evenly from base62, in every place, and never twice', () => {
    const bodies = Array.from({ length: 2000 }, () => mintApiKeyText(system, 'gk').slice(3))
    expect(new Set(bodies).size).toBe(2000)
    expect(new Set(bodies.map((body) => body.slice(0, 12))).size).toBe(2000)
    for (const body of bodies) expect(body).toMatch(/^[0-9A-Za-z]{46}$/)
    const drawn = bodies.map((body) => body.slice(0, 40))
    // 61 degrees of freedom: an even source passes 150 once in a hundred million times.
    expect(chiSquare(drawn.join(''))).toBeLessThan(150)
    for (let place = 0; place < 40; place++) {
      expect(chiSquare(drawn.map((body) => body[place]).join(''))).toBeLessThan(150)
    }
  })

  it('with any one character changed is refused as malformed, or as unknown', async () => {
    expect((await exchange(adminKey)).status).toBe(200)
    for (const text of oneOff(adminKey, 0)) {
      const { status, body } = await exchange(text)
      expect([text, status, body.error.code]).toEqual([text, 401, 'invalid_api_key'])
    }
  })

  it('with a wrong checksum, length, alphabet or prefix is refused without asking the database', async () => {
    const wrong = [
      ...oneOff(adminKey, adminKey.length - 6),
      ...[adminKey.slice(0, -1), `${adminKey}0`, `${adminKey}\u0000`, ` ${adminKey}`, adminKey.toLowerCase()],
      ...[
        `GK${adminKey.slice(2)}`,
        `grt${adminKey.slice(2)}`,
        adminKey.slice(3),
        'gk_',
        '',
        'x'.repeat(4096),
      ],
    ]
    const before = await statements()
    for (const text of wrong) expect([text, (await exchange(text)).status]).toEqual([text, 401])
    expect(await statements()).toBe(before)
    // The count does count: a well-formed key of nobody's is looked up.
    expect((await exchange(mintApiKeyText(system, 'gk'))).status).toBe(401)
    expect(await statements()).toBe(before + 1)
  })

  it('is one refusal to a stranger: unknown, malformed and of a wrong secret', async () => {
    const id = parseApiKey(adminKey)!.id
    let drawn = 0
    const random = { randomText: (length: number) => (drawn++ === 0 ? id : system.randomText(length)) }
    const wrongSecret = mintApiKeyText(random, 'gk')
    expect(parseApiKey(wrongSecret)?.id).toBe(id)
    const answers = await Promise.all(
      [mintApiKeyText(system, 'gk'), 'junk', wrongSecret, ''].map((text) => exchange(text)),
    )
    const told = answers.map(({ status, headers, body }) => [
      status,
      body.error,
      headers.get('www-authenticate'),
      headers.get('content-length'),
    ])
    for (const one of told) expect(one).toEqual(told[0])
  })

  it('lies in the database as a digest, and its tokens likewise', async () => {
    const { apiKey } = await issueKey()
    const { refresh, access } = (await exchange(apiKey)).body.data
    const tables = ['clients', 'api_keys', 'sessions', 'signing_keys']
    const rows = await Promise.all(tables.map((table) => database.query(`select * from ${table}`)))
    const dump = JSON.stringify(rows)
    expect(dump).toContain(parseApiKey(apiKey)?.id)
    for (const secret of [apiKey.slice(15), refresh.slice(40), access.split('.')[2]]) {
      expect(dump).not.toContain(secret)
    }
  })

  it('is dead on every instance from the moment that its withdrawal was answered', async () => {
    const { id, apiKey } = await issueKey()
    for (const at of [gateway, second]) expect((await exchange(apiKey, at)).status).toBe(200)
    const { refresh, access } = (await exchange(apiKey, second)).body.data
    expect((await refreshAt(refresh, second)).status).toBe(200)

    expect((await call('DELETE', `${gateway.url}/api/v1/keys/${id}`, { token: admin })).status).toBe(200)
    for (const at of [second, gateway]) {
      const refused = await Promise.all(Array.from({ length: 10 }, () => exchange(apiKey, at)))
      for (const { status, body } of refused) {
        expect([status, body.error.code]).toEqual([401, 'api_key_revoked'])
      }
      const { status, body } = await refreshAt(refresh, at)
      expect([status, body.error.code]).toEqual([401, 'api_key_revoked'])
      const { status: meStatus, body: meBody } = await me(access, at)
      expect([meStatus, meBody.error.code]).toEqual([401, 'token_revoked'])
    }
  })
})

describe('the three credentials', () => {
  it('cannot stand in for one another', async () => {
    const { access, refresh } = (await exchange(adminKey)).body.data
    const asKey = [access, refresh, `Bearer ${access}`]
    const asRefresh = [access, adminKey, `gk${refresh.slice(3)}`]
    const asAccess = [adminKey, refresh]
    for (const text of asKey) expect((await exchange(text)).body.error.code).toBe('invalid_api_key')
    for (const text of asRefresh) {
      const { status, body } = await refreshAt(text)
      expect([status, body.error.code]).toEqual([401, 'invalid_refresh_token'])
    }
    for (const text of asAccess) expect((await me(text)).body.error.code).toBe('invalid_token')
  })

  it('keep the refresh token to its one spelling, without asking the database for another', async () => {
    const { refresh } = (await exchange(adminKey)).body.data
    const before = await statements()
    const others = [...oneOff(refresh, 4), `${refresh}=`, `${refresh} `, refresh.toUpperCase(), `${refresh}A`]
    for (const text of others) expect([text, (await refreshAt(text)).status]).toEqual([text, 401])
    expect(await statements()).toBe(before)
    expect((await refreshAt(refresh)).status).toBe(200)
  })

  it('keep the session when the access token is renewed', async () => {
    const { access, refresh } = (await exchange(adminKey)).body.data
    const renewed = (await refreshAt(refresh)).body.data.access
    const [first, next] = [decodeJwt(access), decodeJwt(renewed)]
    expect([next['sid'], next.sub, next['scope']]).toEqual([first['sid'], first.sub, first['scope']])
    expect(next.jti).not.toBe(first.jti)
  })
})

/** How far the characters of a text are from an even draw of base62. */
function chiSquare(text: string): number {
  const expected = text.length / 62
  return [...BASE62].reduce((sum, character) => {
    const observed = text.split(character).length - 1
    return sum + (observed - expected) ** 2 / expected
  }, 0)
}

import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { type FakeClock, makeFakeClock } from './support/fake-clock.ts'
import { measured } from './support/measured.ts'

const DAY = 86_400

let clock: FakeClock
let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string
let answered = 0

beforeAll(async () => {
  clock = await makeFakeClock()
  database = await migratedDatabase()
  await restartAt(0)
  apiKey = await gateway.firstKey()
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
  await clock?.remove()
})

/** Stops the gateway and starts it again when so many seconds have passed. */
async function restartAt(seconds: number): Promise<void> {
  if (gateway !== undefined) {
    expect(await gateway.stop()).toBe(0)
    await gateway.remove()
  }
  await clock.set(seconds)
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    PUBLIC_URL: 'http://gateway.test',
    ...clock.env,
  })
}

async function tokens(): Promise<{ readonly access: string; readonly refresh: string }> {
  answered += 1
  return (await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })).body.data
}

async function me(token: string) {
  answered += 1
  return call('GET', `${gateway.url}/api/v1/me`, { token })
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid
const published = async () =>
  (await call('GET', `${gateway.url}/.well-known/jwks.json`)).body.keys.map(({ kid }: { kid: string }) => kid)

describe('a gateway that is restarted while its signing keys change', { timeout: 90_000 }, () => {
  it('takes every token of the key of before, until that key is ended', async () => {
    const first = kidOf((await tokens()).access)

    // Old enough: the start makes the next key, and signs with this one for a quarter of an hour more.
    await restartAt(30 * DAY + 60)
    const old = await tokens()
    expect(kidOf(old.access)).toBe(first)
    const both: readonly string[] = await published()
    expect(both).toHaveLength(2)
    const second = both.find((kid) => kid !== first)

    await restartAt(30 * DAY + 1020)
    const fresh = await tokens()
    expect(kidOf(fresh.access)).toBe(second)
    expect([...(await published())].toSorted()).toEqual([...both].toSorted())
    for (const { access } of [old, fresh]) expect((await me(access)).status).toBe(200)

    const ended = await call('POST', `${gateway.url}/api/v1/signing-keys/rotate`, {
      token: fresh.access,
      json: { now: true },
    })
    expect(ended.status).toBe(201)
    await restartAt(30 * DAY + 1080)
    expect(await published()).toEqual([ended.body.data.kid])
    for (const { access, refresh } of [old, fresh]) {
      const refused = await me(access)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
      // As clients do at any 401.
      const renewed = await call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, { json: { refresh } })
      expect((await me(renewed.body.data.access)).status).toBe(200)
    }
    expect((await me((await tokens()).access)).status).toBe(200)
    measured(
      'F27',
      `3 restarts over a rotation, ${answered} calls: 0 wrong 401; once the old keys were ended 2 of 2 tokens 401 \`invalid_token\`, both clients went on by a refresh`,
    )
  })
})

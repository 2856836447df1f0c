import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { type Answer, basic, call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { claimsOf } from '../support/oauth.ts'
import { type FakeClock, makeFakeClock } from './support/fake-clock.ts'
import { measured, tellMs } from './support/measured.ts'
import { isThorough } from './support/thorough.ts'

const HOUR = 3600
/** And a minute, so that what lives for an hour is over beyond all tolerance. */
const AN_HOUR = HOUR + 60
const TEN_YEARS = 10 * 365 * 24 * HOUR
/** The longest that any access token may live: a day. */
const LIFETIME_MAX = 24 * HOUR
/** How soon after a step the gateway has caught up with its database. */
const CAUGHT_UP_MS = 2000

let clock: FakeClock
let database: TestDatabase
let gateway: GatewayProcess
let adminKey: string
let clientKey: string
let limitedKey: string
let answers: Answer[] = []

const ask = async (...order: Parameters<typeof call>) => {
  const answer = await call(order[0], `${gateway.url}${order[1]}`, order[2])
  answers.push(answer)
  return answer
}
const exchange = (apiKey: string, from = '192.0.2.1') =>
  ask('POST', '/api/v1/auth/token/', { json: { apiKey }, headers: { 'X-Forwarded-For': from } })
const me = async (token: string) => (await ask('GET', '/api/v1/me', { token })).status
const refresh = async (token: string) =>
  (await ask('POST', '/api/v1/auth/token/refresh/', { json: { refresh: token } })).status
const oauth = async (form: Record<string, string>) =>
  ask('POST', '/oauth2/token', { form, headers: { Authorization: basic(clientKey.slice(3, 15), clientKey) } })
const nowSeconds = () => Date.now() / 1000

beforeAll(async () => {
  clock = await makeFakeClock()
  database = await migratedDatabase()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    TRUSTED_PROXIES: '127.0.0.0/8',
    ...clock.env,
  })
  adminKey = await gateway.firstKey()
  clientKey = await issueKey({})
  limitedKey = await issueKey({ rate_limit: { limit: 3, window_seconds: 60 } })
}, 60_000)

afterEach(async () => {
  await clock.set(0)
  answers = []
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
  await clock?.remove()
})

async function issueKey(order: object): Promise<string> {
  const token: string = (await exchange(adminKey)).body.data.access
  const client = await ask('POST', '/api/v1/clients', { token, json: { name: crypto.randomUUID() } })
  const path = `/api/v1/clients/${client.body.data.id}/keys`
  return (await ask('POST', path, { token, json: { name: 'key', ...order } })).body.data.api_key
}

/** Fills the bucket of the limited key. */
async function exhaust(): Promise<void> {
  for (let calls = 0; calls < 4; calls++) await exchange(limitedKey)
  expect((await exchange(limitedKey)).status).toBe(429)
}

/** After a step ahead nobody knows what was revoked meanwhile: closed until the database has told. */
const isCatchingUp = ({ status, body }: Answer) => status === 503 && body.error.code === 'revocations_unknown'

/** Asks until the token is taken, and answers how long that took. */
async function untilAdmitted(token: string): Promise<number> {
  const since = performance.now()
  await expect.poll(() => me(token), { timeout: CAUGHT_UP_MS, interval: 10 }).toBe(200)
  return performance.now() - since
}

const steps = [
  ['an hour ahead', AN_HOUR],
  ['an hour back', -AN_HOUR],
  ['ten years ahead', TEN_YEARS],
  ['ten years back', -TEN_YEARS],
] as const

describe('a clock that is set under a running gateway', { timeout: isThorough ? 180_000 : 60_000 }, () => {
  it.each(steps)('%s, and right again, breaks no promise', async (name, step) => {
    const before = (await exchange(adminKey)).body.data
    const own = (await oauth({ grant_type: 'client_credentials', scope: 'offline_access' })).body
    const ended = (await exchange(adminKey)).body.data
    await ask('DELETE', `/api/v1/sessions/${claimsOf(ended.access)['sid']}`, { token: before.access })
    expect(await me(ended.access)).toBe(401)

    await clock.set(step)
    // It goes by that clock, or the rest would show nothing.
    const during = (await exchange(adminKey)).body.data
    const { iat, exp } = claimsOf(during.access) as { readonly iat: number; readonly exp: number }
    expect(Math.abs(iat - nowSeconds() - step)).toBeLessThan(60)
    expect(exp - iat).toBeLessThanOrEqual(HOUR)
    const caughtUpMs = await untilAdmitted(during.access)
    expect(await me(ended.access)).toBe(401)
    // Ahead its time is over; ten years back it would have more left than any may have.
    const outlived = step > 0 || step === -TEN_YEARS
    expect(await me(before.access)).toBe(outlived ? 401 : 200)
    const rotated = await oauth({ grant_type: 'refresh_token', refresh_token: own.refresh_token })
    expect(rotated.status).toBe(Math.abs(step) === TEN_YEARS ? 400 : 200)
    await exhaust()
    const guesses = Array.from({ length: 60 }, () => exchange(mintApiKeyText(system, 'gk'), '198.51.100.1'))
    await Promise.all(guesses)
    expect((await exchange(adminKey, '198.51.100.1')).status).toBe(429)
    // What it does once a minute, under that clock.
    if (isThorough) await new Promise((done) => setTimeout(done, 65_000))

    await clock.set(0)
    const after = (await exchange(adminKey)).body.data
    const rightAgainMs = await untilAdmitted(after.access)
    await expect.poll(() => me(ended.access), { timeout: CAUGHT_UP_MS }).toBe(401)
    // No token of that time lives on for longer than any may.
    const lasts = exp - nowSeconds()
    expect(await me(during.access)).toBe(lasts > 0 && lasts <= LIFETIME_MAX ? 200 : 401)
    expect(await refresh(during.refresh)).toBe(Math.abs(step) === TEN_YEARS ? 401 : 200)
    // A bucket that was filled then, and an address that was blocked then, are of another time.
    expect((await exchange(limitedKey)).status).toBe(200)
    expect((await exchange(adminKey, '198.51.100.1')).status).toBe(200)
    expect(await refresh(before.refresh)).toBe(200)
    const faults = answers.filter((answer) => answer.status >= 500 && !isCatchingUp(answer))
    expect(faults.map(({ status, text }) => `${status} ${text}`)).toEqual([])
    expect(gateway.child.exitCode).toBeNull()
    measured(
      'F15',
      `${name}: ${answers.length} calls, none of them a 5xx but ${answers.filter(isCatchingUp).length} \`revocations_unknown\` within ${tellMs(Math.max(caughtUpMs, rightAgainMs))} of a step; a revoked token stays refused, and nothing minted then is good for more than a day`,
    )
  })
})

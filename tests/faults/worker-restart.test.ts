import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { openRelay, type Relay } from '../hostile/relay.ts'
import { basic, call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { testSecret } from '../support/gateway-process.ts'
import { claimsOf } from '../support/oauth.ts'
import { startTestWorker, type TestWorker } from '../support/worker.ts'
import { measured, tellMs } from './support/measured.ts'
import { rounds } from './support/thorough.ts'

const RESTARTS = rounds(1, 5)
const RECOVERY_MS = 5000
const ANSWER_MS = 4500

const adminKey = mintApiKeyText(system, 'gk')
let database: TestDatabase
let relay: Relay
let worker: TestWorker

/** What a Worker was told before it was thrown away, and must hold for the next one. */
interface Told {
  readonly good: { readonly access: string; readonly refresh: string }
  readonly ended: { readonly access: string; readonly refresh: string }
  readonly revokedKey: string
  readonly limitedKey: string
  readonly client: string
  readonly spent: string
  readonly current: string
}

async function start(): Promise<void> {
  worker = await startTestWorker(relay.url, { GUICHET_SECRET: testSecret, BOOTSTRAP_API_KEY: adminKey })
}

beforeAll(async () => {
  database = await migratedDatabase()
  relay = await openRelay(database.url)
  await start()
}, 60_000)

afterAll(async () => {
  await worker?.stop()
  await relay?.close()
  await database?.drop()
})

const exchange = (apiKey: string) => call('POST', `${worker.url}/api/v1/auth/token/`, { json: { apiKey } })
const me = async (token: string) => (await call('GET', `${worker.url}/api/v1/me`, { token })).status
const refresh = async (token: string) =>
  (await call('POST', `${worker.url}/api/v1/auth/token/refresh/`, { json: { refresh: token } })).status
const oauth = (apiKey: string, form: Record<string, string>) =>
  call('POST', `${worker.url}/oauth2/token`, {
    form,
    headers: { Authorization: basic(apiKey.slice(3, 15), apiKey) },
  })
const renew = (apiKey: string, token: string) =>
  oauth(apiKey, { grant_type: 'refresh_token', refresh_token: token })

async function issueKey(token: string, order: object = {}) {
  const client = await call('POST', `${worker.url}/api/v1/clients`, {
    token,
    json: { name: crypto.randomUUID() },
  })
  const path = `${worker.url}/api/v1/clients/${client.body.data.id}/keys`
  const { data } = (await call('POST', path, { token, json: { name: 'key', ...order } })).body
  return { id: data.id as string, apiKey: data.api_key as string }
}

/** Ends, spends and uses up one of each. */
async function tell(): Promise<Told> {
  const good = (await exchange(adminKey)).body.data
  const ended = (await exchange(adminKey)).body.data
  const token: string = good.access
  await call('DELETE', `${worker.url}/api/v1/sessions/${claimsOf(ended.access)['sid']}`, { token })
  const revoked = await issueKey(token)
  await call('DELETE', `${worker.url}/api/v1/keys/${revoked.id}`, { token })
  const limited = await issueKey(token, { rate_limit: { limit: 2, window_seconds: 3600 } })
  for (let calls = 0; calls < 2; calls++) expect((await exchange(limited.apiKey)).status).toBe(200)
  const { apiKey: client } = await issueKey(token)
  const first = (await oauth(client, { grant_type: 'client_credentials', scope: 'offline_access' })).body
    .refresh_token
  const second = (await renew(client, first)).body.refresh_token
  const current = (await renew(client, second)).body.refresh_token
  return {
    good,
    ended,
    revokedKey: revoked.apiKey,
    limitedKey: limited.apiKey,
    client,
    spent: first,
    current,
  }
}

async function expectKept(told: Told): Promise<void> {
  expect([await me(told.good.access), await refresh(told.good.refresh)]).toEqual([200, 200])
  expect([await me(told.ended.access), await refresh(told.ended.refresh)]).toEqual([401, 401])
  expect((await exchange(told.revokedKey)).body.error.code).toBe('api_key_revoked')
  expect((await exchange(told.limitedKey)).status).toBe(429)
  expect((await renew(told.client, told.current)).status).toBe(200)
  // Shown last, for it ends the session: two hold its tokens.
  expect((await renew(told.client, told.spent)).body.error).toBe('invalid_grant')
}

describe('a Worker that is thrown away', { timeout: 60_000 + RESTARTS * 60_000 }, () => {
  it('had nothing in its memory alone that must be right', async () => {
    for (let restarts = 0; restarts < RESTARTS; restarts++) {
      const told = await tell()
      await worker.stop()
      await start()
      await expectKept(told)
    }
    measured(
      'F31',
      `${RESTARTS} new workerd: revocations, spent refresh tokens, limits and keys as before, 7 checks each`,
    )
  })

  it('answers 503 without its database, verifies on, and serves when it is back', async () => {
    const { access } = (await exchange(adminKey)).body.data
    expect(await me(access)).toBe(200)
    await relay.cut()
    const startedAt = performance.now()
    expect((await exchange(adminKey)).status).toBe(503)
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeLessThan(ANSWER_MS)
    expect(await me(access)).toBe(200)
    await relay.mend()
    const mendedAt = performance.now()
    await expect.poll(async () => (await exchange(adminKey)).status, { timeout: RECOVERY_MS }).toBe(200)
    measured(
      'F31',
      `without the database 503 after ${tellMs(tookMs)}, serving ${tellMs(performance.now() - mendedAt)} after it is back`,
    )
  })
})

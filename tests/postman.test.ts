import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Summary } from 'newman'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './support/call.ts'
import type { GatewayProcess } from './support/gateway-process.ts'
import {
  collection,
  environment,
  failuresOf,
  type PostmanRun,
  runNewman,
  runPostman,
  startPostmanRun,
} from './support/postman.ts'

const past = '2020-01-01T00:00:00Z'

/** What is for machines: the folder of people has tests of its own. */
const folder: readonly string[] = JSON.parse(await readFile(collection, 'utf8'))
  .item.map(({ name }: { name: string }) => name)
  .filter((name: string) => name !== 'Accounts')

/** The different access tokens that were sent. A set, since newman names a call twice when its script made one too. */
const bearersOf = ({ executions }: Summary['run']) =>
  new Set(executions.flatMap(({ request }) => request.headers.get('Authorization') ?? []))

/** The token calls that succeeded while `act` ran, in their order. */
async function tokenCalls({ gateway }: PostmanRun, act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await wholeLog(gateway)
  await act()
  return (await wholeLog(gateway))
    .slice(before.length)
    .filter(({ route, status }) => String(route).startsWith('/api/v1/auth/token') && status === 200)
    .map(({ route }) => (route === '/api/v1/auth/token' ? 'exchange' : 'refresh'))
}

/** The request lines, none still on its way: the one of a last call comes behind all the others. */
async function wholeLog(gateway: GatewayProcess): Promise<ReturnType<GatewayProcess['requestLines']>> {
  const last = crypto.randomUUID()
  await call('GET', `${gateway.url}/health/live`, { headers: { 'X-Request-Id': last } })
  while (!gateway.output().includes(last)) await once(gateway.child.stdout!, 'data')
  return gateway.requestLines()
}

describe('the Postman collection', () => {
  let running: PostmanRun

  beforeAll(async () => {
    running = await startPostmanRun()
  })

  afterAll(() => running.remove())

  it('passes every one of its own assertions', async () => {
    const result = await runPostman(running, { folder })
    expect(failuresOf(result)).toEqual([])
    expect(result.stats.assertions.total).toBeGreaterThan(30)
  })

  it('sends the requests that it says it covers', async () => {
    const { executions } = await runPostman(running, { folder })
    expect(executions.map(({ item, response }) => [item.name, response?.code])).toEqual([
      ['Exchange the API key', 200],
      ['Renew the access token', 200],
      ['Me', 200],
      ['Create a client', 201],
      ['List clients', 200],
      ['Issue a key', 201],
      ['List the keys of a client', 200],
      ['Withdraw a key', 200],
      ['Issue a key that may be asked for twice', 201],
      ['The same call again', 201],
      ['See a key', 200],
      ['Change a key', 200],
      ['Disable a key', 200],
      ['Enable a key', 200],
      ['Rotate a key', 201],
      ['Retire the rotated key', 200],
      ['Revoke a key', 200],
      ['Purge a key', 200],
      ['Exchange the successor', 200],
      ['List sessions', 200],
      ['End an access token', 200],
      ['End a session', 200],
      ['Cut a client off', 200],
      ['Report a leaked key', 200],
      ['Report several at once', 200],
      ['An unknown path, with a token', 404],
      ['An unknown path, without a token', 401],
      ['A wrong API key', 401],
      ['Live', 200],
      ['Ready', 200],
      ['Public key set', 200],
    ])
  })

  it('obtains its tokens by itself when it has none', async () => {
    const calls = await tokenCalls(running, async () => {
      expect(failuresOf(await runPostman(running, { folder: 'Who am I' }))).toEqual([])
    })
    expect(calls).toEqual(['exchange'])
  })

  it('keeps a token that has more than a minute left', async () => {
    const calls = await tokenCalls(running, async () => {
      const result = await runPostman(running, { folder: 'Clients' })
      expect(failuresOf(result)).toEqual([])
      expect(bearersOf(result).size).toBe(1)
    })
    expect(calls).toEqual(['exchange'])
  })

  it('exchanges the key again when the refresh token is over', async () => {
    const variables = { access: 'old', access_expire: past, refresh: 'old', refresh_expire: past }
    const calls = await tokenCalls(running, async () => {
      expect(failuresOf(await runPostman(running, { folder: 'Who am I', variables }))).toEqual([])
    })
    expect(calls).toEqual(['exchange'])
  })

  it('exchanges the key again when the gateway refuses the refresh token', async () => {
    const future = new Date(Date.now() + 86_400_000).toISOString()
    const variables = { access: 'old', access_expire: past, refresh: 'old', refresh_expire: future }
    const calls = await tokenCalls(running, async () => {
      expect(failuresOf(await runPostman(running, { folder: 'Who am I', variables }))).toEqual([])
    })
    expect(calls).toEqual(['exchange'])
  })

  it('keeps its tokens in its own variables when no environment is chosen', async () => {
    const own = JSON.parse(await readFile(collection, 'utf8'))
    own.variable = Object.entries({ baseUrl: running.gateway.url, apiKey: running.apiKey }).map(
      ([key, value]) => ({
        key,
        value,
      }),
    )
    const calls = await tokenCalls(running, async () => {
      expect(failuresOf(await runNewman({ collection: own, folder: 'Clients' }))).toEqual([])
    })
    expect(calls).toEqual(['exchange'])
  })

  it('holds no credential in the file', async () => {
    const { values } = JSON.parse(await readFile(environment, 'utf8'))
    const secrets = values.filter(({ type }: { type: string }) => type === 'secret')
    expect(secrets.map(({ key, value }: { key: string; value: string }) => [key, value])).toEqual([
      ['apiKey', ''],
      ['access', ''],
      ['refresh', ''],
    ])
  })
})

describe('the Postman collection, when less than a minute is left', () => {
  let running: PostmanRun

  beforeAll(async () => {
    running = await startPostmanRun({ ACCESS_TTL_SECONDS: '60' })
  })

  afterAll(() => running.remove())

  it('renews the access token before each call that carries it, and nowhere else', async () => {
    const calls = await tokenCalls(running, async () => {
      const result = await runPostman(running, { folder })
      expect(failuresOf(result)).toEqual([])
      expect(bearersOf(result).size).toBe(21)
    })
    // The token requests of the collection itself, and one refresh for each call that carries a token.
    const refreshes = (count: number): string[] => Array(count).fill('refresh')
    expect(calls).toEqual(['exchange', 'refresh', ...refreshes(16), 'exchange', ...refreshes(5)])
  })
})

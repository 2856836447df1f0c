import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const PARALLEL = 200
const KILLS = 5

let database: TestDatabase
let first: GatewayProcess
let second: GatewayProcess
let apiKey: string

const environment = () => ({
  DATABASE_URL: database.url,
  GUICHET_SECRET: testSecret,
  PUBLIC_URL: 'http://gateway.test',
})

beforeAll(async () => {
  database = await migratedDatabase()
  first = await startGatewayProcess(environment())
  second = await startGatewayProcess(environment())
  apiKey = await first.firstKey()
})

afterAll(async () => {
  await Promise.all([first?.remove(), second?.remove()])
  await database?.drop()
})

const post = (gateway: GatewayProcess, path: string, form: Record<string, string>): Promise<Answer> =>
  call('POST', `${gateway.url}/oauth2/${path}`, {
    form,
    headers: { Authorization: basic(apiKey.slice(3, 15), apiKey) },
  })
const opened = async (gateway: GatewayProcess) =>
  (await post(gateway, 'token', { grant_type: 'client_credentials', scope: 'offline_access' })).body
const refresh = (gateway: GatewayProcess, refresh_token: string) =>
  post(gateway, 'token', { grant_type: 'refresh_token', refresh_token })
const me = async (gateway: GatewayProcess, token: string) =>
  (await call('GET', `${gateway.url}/api/v1/me`, { token })).status

/** Asks until the other instance has heard, and answers the last status. */
async function untilRefused(gateway: GatewayProcess, token: string): Promise<number> {
  const since = performance.now()
  for (;;) {
    const status = await me(gateway, token)
    if (status === 401 || performance.now() - since > 1000) return status
  }
}

describe('two processes on one database', () => {
  it(`give ${PARALLEL} parallel refreshes of one token the same successor`, async () => {
    const { refresh_token } = await opened(first)
    const answers = await Promise.all(
      Array.from({ length: PARALLEL }, (_, index) =>
        refresh(index % 2 === 0 ? first : second, refresh_token),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(PARALLEL).fill(200))
    const successors = [...new Set(answers.map(({ body }) => body.refresh_token))]
    expect(successors).toHaveLength(1)
    expect((await refresh(second, successors[0])).status).toBe(200)
  })

  it('both hear of a theft that one of them sees', async () => {
    const stolen = await opened(first)
    const next = (await refresh(first, stolen.refresh_token)).body
    const last = (await refresh(second, next.refresh_token)).body
    expect(await me(first, last.access_token)).toBe(200)
    const theft = await refresh(second, stolen.refresh_token)
    expect([theft.status, theft.body.error]).toEqual([400, 'invalid_grant'])
    expect(await untilRefused(first, last.access_token)).toBe(401)
    expect((await refresh(first, last.refresh_token)).body.error).toBe('invalid_grant')
  })
})

describe('a restart', () => {
  it('leaves dead what was spent, stolen or revoked', async () => {
    const revoked = await opened(first)
    await post(first, 'revoke', { token: revoked.refresh_token })
    const stolen = await opened(first)
    const next = (await refresh(first, stolen.refresh_token)).body
    const last = (await refresh(first, next.refresh_token)).body
    await refresh(first, stolen.refresh_token)
    const spent = await opened(first)
    const alive = (await refresh(first, spent.refresh_token)).body
    const newest = (await refresh(first, alive.refresh_token)).body

    const third = await startGatewayProcess(environment())
    try {
      for (const { refresh_token, access_token } of [revoked, stolen, next, last]) {
        expect((await refresh(third, refresh_token)).body.error).toBe('invalid_grant')
        expect(await me(third, access_token)).toBe(401)
      }
      expect(await me(third, newest.access_token)).toBe(200)
      expect((await refresh(third, spent.refresh_token)).body.error).toBe('invalid_grant')
      expect(await untilRefused(third, newest.access_token)).toBe(401)
    } finally {
      await third.remove()
    }
  })

  it('after a kill in the middle of refreshes leaves every token good that was answered last', async () => {
    for (let round = 0; round < KILLS; round++) {
      const doomed = await startGatewayProcess(environment())
      const tokens = await Promise.all(
        Array.from({ length: 10 }, async () => (await opened(doomed)).refresh_token),
      )
      let answered = 0
      const held = tokens.map(async (token: string) => {
        let newest = token
        for (;;) {
          const answer = await refresh(doomed, newest).catch(() => undefined)
          if (answer?.status !== 200) return newest
          newest = answer.body.refresh_token
          if (++answered === 10 + round * 7) doomed.child.kill('SIGKILL')
        }
      })
      for (const newest of await Promise.all(held)) {
        expect((await refresh(second, newest)).status).toBe(200)
      }
      await doomed.remove()
    }
  }, 60_000)
})

import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Answer, call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { exchange, grant, prepareStage, type Stage } from './support/stage.ts'

/** Several times as many as the pool has connections. */
const CROWD = 40
const ANSWER_MS = 4500

let database: TestDatabase
let gateway: GatewayProcess
let stage: Stage

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  stage = await prepareStage(gateway.url, { adminKey: await gateway.firstKey(), machines: 2, people: 1 })
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
})

interface Renewal {
  readonly sessionId: string
  readonly renew: () => Promise<Answer>
}

/** The three ways in which a session is renewed, each of a session of its own. */
const renewals: Readonly<Record<string, () => Promise<Renewal>>> = {
  async 'a machine whose refresh token stays'() {
    const { body } = await exchange(gateway.url, stage.machines[0]!.apiKey)
    const { refresh, access } = body.data
    const { sid: sessionId } = JSON.parse(Buffer.from(access.split('.')[1], 'base64url').toString())
    const renew = () => call('POST', `${gateway.url}/api/v1/auth/token/refresh/`, { json: { refresh } })
    return { sessionId, renew }
  },
  async 'a machine whose refresh token rotates'() {
    const { sessionId, apiKey, refresh } = stage.machines[0]!
    const order = grant(apiKey, { grant_type: 'refresh_token', refresh_token: refresh })
    return { sessionId, renew: () => call('POST', `${gateway.url}/oauth2/token`, order) }
  },
  async 'a person'() {
    const { sessionId, refresh } = stage.people[0]!
    return {
      sessionId,
      renew: () => call('POST', `${gateway.url}/api/v1/auth/refresh`, { json: { refresh } }),
    }
  },
}

describe('a crowd at one session whose row is held', () => {
  it.each(Object.keys(renewals))(
    'of %s waits by itself: nobody else is kept from a connection',
    async (whose) => {
      const { sessionId, renew } = await renewals[whose]!()
      const holder = await hold(sessionId)
      onTestFinished(() => holder.end())
      const crowd = Promise.all(Array.from({ length: CROWD }, () => timed(renew)))
      const others = await Promise.all(
        Array.from({ length: CROWD }, () => timed(() => exchange(gateway.url, stage.machines[1]!.apiKey))),
      )
      expect(others.filter(({ status }) => status !== 200)).toEqual([])
      const answers = await crowd
      await holder.query('rollback')
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]))
      expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(ANSWER_MS)
      const after = await Promise.all(Array.from({ length: CROWD }, renew))
      expect(new Set(after.map(({ status }) => status))).toEqual(new Set([200]))
      const successors = after.map(({ body }) => body.refresh_token ?? body.data?.refresh)
      expect(new Set(successors).size).toBe(1)
    },
  )
})

async function timed(ask: () => Promise<Answer>): Promise<{ readonly status: number; readonly ms: number }> {
  const startedAt = performance.now()
  const { status } = await ask()
  return { status, ms: performance.now() - startedAt }
}

async function hold(sessionId: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query('begin')
  await client.query('select 1 from sessions where id = $1 for update', [sessionId])
  return client
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

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

const asAdmin = async (method: string, path: string, json?: unknown) => {
  const answer = await call(method, `${first.url}/api/v1${path}`, { token: admin, json })
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.text}`)
  return answer.body?.data
}
const password = 'a long enough password'
let people = 0
/** Somebody of a role of their own, with a token, and with a key and a token of that. */
const somebody = async (permissions: readonly string[]) => {
  const name = `role-${++people}`
  const role = await asAdmin('POST', '/roles', { name, permissions })
  const email = `person${people}@example.com`
  const user = await asAdmin('POST', '/users', { email, password, role: name, email_confirmed: true })
  const signedIn = await call('POST', `${first.url}/api/v1/auth/login`, {
    json: { identifier: email, password },
  })
  const { access } = signedIn.body.data
  const key = await call('POST', `${first.url}/api/v1/me/keys`, {
    token: access,
    json: { name: 'k', permissions, password },
  })
  const { api_key: apiKey } = key.body.data
  const exchanged = await call('POST', `${first.url}/api/v1/auth/token`, { json: { apiKey } })
  return { role, user, email, apiKey, tokens: [access, exchanged.body.data.access] as const }
}
const statuses = (gateway: GatewayProcess, tokens: readonly string[]) =>
  Promise.all(
    tokens.map(async (token) => (await call('GET', `${gateway.url}/api/v1/roles`, { token })).status),
  )
/** Asks again and again until all answer so, and answers how long that took, in milliseconds. */
const until = async (gateway: GatewayProcess, tokens: readonly string[], status: number) => {
  const since = performance.now()
  for (;;) {
    const seen = await statuses(gateway, tokens)
    const elapsed = performance.now() - since
    if (seen.every((one) => one === status) || elapsed > 5000) return elapsed
  }
}

/** Far less than the five seconds after which an instance looks by itself, and time enough on a busy machine. */
const FEED_MS = 2000
const held = ['keys:own', 'roles:read']

describe('on every instance', () => {
  it('a permission that is taken from a role is gone from its people’s tokens and keys', async () => {
    const { role, tokens } = await somebody(held)
    expect(await statuses(second, tokens)).toEqual([200, 200])
    await asAdmin('PATCH', `/roles/${role.id}`, { permissions: ['keys:own'] })
    expect(await until(second, tokens, 403)).toBeLessThan(FEED_MS)
    await asAdmin('PATCH', `/roles/${role.id}`, { permissions: held })
    expect(await until(second, tokens, 200)).toBeLessThan(FEED_MS)
  })

  it('another role takes what it does not permit', async () => {
    const { user, tokens } = await somebody(held)
    expect(await statuses(second, tokens)).toEqual([200, 200])
    await asAdmin('PATCH', `/users/${user.id}`, { role: 'user' })
    expect(await until(second, tokens, 403)).toBeLessThan(FEED_MS)
  })

  it('a person who is disabled or deleted is out, with their keys, until they are back', async () => {
    const { user, apiKey, tokens } = await somebody(held)
    for (const [out, back] of [
      [
        ['POST', '/disable'],
        ['POST', '/enable'],
      ],
      [
        ['DELETE', ''],
        ['POST', '/restore'],
      ],
    ] as const) {
      const ofKey = tokens.slice(1)
      expect(await statuses(second, ofKey)).toEqual([200])
      await asAdmin(out[0], `/users/${user.id}${out[1]}`)
      expect(await until(second, tokens, 401)).toBeLessThan(FEED_MS)
      const refused = await call('POST', `${second.url}/api/v1/auth/token`, { json: { apiKey } })
      expect(refused.body.error.code).toBe('client_disabled')
      await asAdmin(back[0], `/users/${user.id}${back[1]}`)
      expect(await until(second, ofKey, 200)).toBeLessThan(FEED_MS)
      const again = await call('POST', `${second.url}/api/v1/auth/token`, { json: { apiKey } })
      expect(again.status).toBe(200)
    }
  })

  it('a forced reset and an end of all sessions reach the tokens of people, and leave their keys', async () => {
    for (const [method, way] of [
      ['DELETE', '/sessions'],
      ['POST', '/password-reset'],
    ] as const) {
      const { user, tokens } = await somebody(held)
      expect(await statuses(second, tokens)).toEqual([200, 200])
      await asAdmin(method, `/users/${user.id}${way}`)
      expect(await until(second, tokens.slice(0, 1), 401)).toBeLessThan(FEED_MS)
      expect(await statuses(second, tokens.slice(1))).toEqual([200])
    }
  })
})

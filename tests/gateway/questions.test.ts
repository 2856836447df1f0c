import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawAnswers } from '../hostile/raw-socket.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'

const rules = {
  routes: [
    { path: '/open/*', public: true },
    { path: '/odd/*', permissions: ['odd:read'] },
    { path: '/busy', public: true, rate_limit: { limit: 1, window_seconds: 3600 } },
    { path: '/*' },
  ],
}

let database: TestDatabase
let gateway: GatewayProcess
let folder: string
let token: string

beforeAll(async () => {
  database = await migratedDatabase()
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-questions-'))
  await writeFile(join(folder, 'routes.json'), JSON.stringify(rules))
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    ROUTES_FILE: join(folder, 'routes.json'),
    TRUSTED_PROXIES: '127.0.0.0/8',
  })
  const exchanged = await call('POST', `${gateway.url}/api/v1/auth/token`, {
    json: { apiKey: await gateway.firstKey(), permissions: [] },
  })
  token = exchanged.body.data.access
})

afterAll(async () => {
  await gateway?.remove()
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

/** As a proxy asks: with the rest of the path as its client sent it. */
async function ask(target: string, fields: readonly string[] = []) {
  const head = [`GET ${target} HTTP/1.1`, 'Host: api.test', 'Connection: close', ...fields]
  const [answer] = await rawAnswers(gateway.url, `${head.join('\r\n')}\r\n\r\n`)
  return answer!
}

describe('the question of Envoy', () => {
  it('is about the path below its own', async () => {
    expect((await ask('/authz/ext-authz/open/1')).status).toBe(200)
    expect((await ask('/authz/ext-authz/closed/1')).status).toBe(401)
    expect((await ask('/authz/ext-authz/closed/1', [`Authorization: Bearer ${token}`])).status).toBe(200)
  })

  it.each([
    '/../../docs',
    '/../../health/live',
    '/%2e%2e/%2e%2e/.well-known/jwks.json',
    '/..\\..\\openapi.json',
    '/open/../../../docs',
  ])('is not answered by a page of the gateway: %s', async (target) => {
    expect((await ask(`/authz/ext-authz${target}`)).status).toBe(400)
  })

  it('does not become the question of another proxy, whose fields a client may write', async () => {
    const fields = ['X-Forwarded-Method: GET', 'X-Forwarded-Uri: /open/1', 'X-Forwarded-Host: api.test']
    expect((await ask('/authz/forward-auth', fields)).status).toBe(200)
    expect((await ask('/authz/ext-authz/../forward-auth', fields)).status).toBe(400)
  })
})

describe('the answer to nginx', () => {
  const question = (target: string, fields: readonly string[] = []) =>
    ask('/authz/auth-request', [
      'X-Original-Method: GET',
      `X-Original-URL: https://api.test${target}`,
      ...fields,
    ])
  const told = (answer: Awaited<ReturnType<typeof ask>>) => [
    answer.status,
    answer.headers.get('x-error-status'),
    JSON.parse(answer.headers.get('x-error-body') ?? 'null')?.error.code,
  ]

  it('is 200 without a word of an error when the call may go on', async () => {
    expect(told(await question('/open/1'))).toEqual([200, undefined, undefined])
  })

  it('carries the status and body of every refusal, of which nginx drops the body', async () => {
    expect(told(await question('/closed/1'))).toEqual([401, '401', 'missing_token'])
    const bearer = [`Authorization: Bearer ${token}`]
    expect(told(await question('/odd/1', bearer))).toEqual([403, '403', 'insufficient_permissions'])
    expect(told(await question('/open/../odd/1'))).toEqual([403, '400', 'path_refused'])
  })

  it('is a 403 where nginx would make an error of its own of it, with when to come again', async () => {
    await question('/busy')
    const answer = await question('/busy')
    expect(told(answer)).toEqual([403, '429', 'rate_limited'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { rawAnswers, spellRequest } from './raw-socket.ts'
import { type PasswordRole, roleWithPassword, secretsIn } from './secret-spellings.ts'

const databasePassword = `db pass/${crypto.randomUUID()}@:%`
const userPassword = `user-password-${crypto.randomUUID()}`
const unknownKey = mintApiKeyText(system, 'gk')

let database: TestDatabase
let role: PasswordRole
let gateway: GatewayProcess
let apiKey: string
let access: string
let refresh: string

beforeAll(async () => {
  database = await migratedDatabase()
  role = await roleWithPassword(database, databasePassword)
  gateway = await startGatewayProcess({
    DATABASE_URL: role.url,
    GUICHET_SECRET: testSecret,
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'trace',
  })
  apiKey = await gateway.firstKey()
  const { body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  access = body.data.access
  refresh = body.data.refresh
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
  await role.drop()
})

function expectNoSecret(output: string): void {
  const secrets = {
    apiKey,
    apiKeySecret: apiKey.slice(15),
    unknownKey,
    access,
    accessSignature: access.split('.')[2]!,
    accessPayload: access.split('.')[1]!,
    refresh,
    refreshSecret: refresh.slice(36),
    userPassword,
    databasePassword,
    testSecret,
  }
  expect(secretsIn(output, secrets)).toEqual([])
}

/** Waits until the log has the line of this request. */
async function lineOf(requestId: string): Promise<Record<string, unknown>> {
  for (;;) {
    const lines = gateway.requestLines().filter((line) => line['requestId'] === requestId)
    if (lines.length > 0) {
      expect(lines).toHaveLength(1)
      return lines[0]!
    }
    await once(gateway.child.stdout!, 'data')
  }
}

async function logged(method: string, path: string, options: Parameters<typeof call>[2] = {}) {
  const id = crypto.randomUUID()
  const headers = { ...options.headers, 'X-Request-Id': id }
  const answer = await call(method, gateway.url + path, { ...options, headers })
  expect(answer.headers.get('x-request-id')).toBe(id)
  return { answer, line: await lineOf(id) }
}

describe('the log of a request', () => {
  it.each([
    ['GET', '/health/live', 'nobody', 200, '/health/live', undefined],
    ['GET', '/api/v1/me/', 'admin', 200, '/api/v1/me', undefined],
    ['GET', '/api/v1/clients?limit=1', 'admin', 200, '/api/v1/clients', undefined],
    ['DELETE', '/api/v1/keys/abcdefghijkl', 'admin', 404, '/api/v1/keys/:id', 'key_not_found'],
    ['GET', '/api/v1/me', 'nobody', 401, undefined, 'credential_missing'],
    ['GET', '/nope/secret-path', 'nobody', 401, '(none)', 'credential_missing'],
    ['GET', '/nope/secret-path', 'admin', 404, '(none)', 'route_unknown'],
    ['PUT', '/api/v1/auth/token/', 'nobody', 405, undefined, 'method_not_allowed'],
  ])(
    'is one line that says what came and what became of it: %s %s as %s',
    async (method, path, who, status, route, reason) => {
      const { line } = await logged(method, path, { token: who === 'admin' ? access : undefined })
      expect(line).toMatchObject({ method, status, route: route ?? expect.any(String) })
      expect([line['reason'], typeof line['clientId']]).toEqual([
        reason,
        who === 'admin' ? 'string' : 'undefined',
      ])
      expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      expect(line['durationMs']).toBeGreaterThan(0)
      expect(JSON.stringify(line)).not.toContain('secret-path')
    },
  )

  it('names the client and the key of a good exchange and of a refresh, and the reason of a bad one', async () => {
    const token = '/api/v1/auth/token/'
    const good = await logged('POST', token, { json: { apiKey } })
    const renewed = await logged('POST', `${token}refresh/`, { json: { refresh } })
    for (const { line } of [good, renewed]) {
      expect(line).toMatchObject({ status: 200, clientId: expect.any(String), keyId: apiKey.slice(3, 15) })
    }
    expect((await logged('POST', token, { json: { apiKey: unknownKey } })).line['reason']).toBe(
      'api_key_invalid',
    )
    const stale = await logged('POST', `${token}refresh/`, { json: { refresh: `${refresh}x` } })
    expect(stale.line['reason']).toBe('refresh_token_invalid')
    const forged = await logged('GET', '/api/v1/me', { token: `${access.slice(0, -8)}AAAAAAAA` })
    expect(forged.line).toMatchObject({
      reason: 'access_token_invalid',
      cause: expect.stringMatching(/^ERR_/),
    })
  })

  it('holds no credential, wherever a client puts it and however it goes wrong', async () => {
    for (const secret of [apiKey, unknownKey, access, refresh, userPassword]) {
      const answers = await Promise.all([...misplaced(secret)].map((text) => rawAnswers(gateway.url, text)))
      for (const { status } of answers.flat()) expect(status).not.toBe(500)
    }
    await logged('GET', '/health/live')
    expectNoSecret(gateway.output())
  })

  it('stays one JSON object a line under line ends, escapes and JSON in what clients send', async () => {
    const nasties = [
      '\r\n{"level":60,"msg":"forged"}',
      '\u001b[2J\u001b[31m',
      '"}\n{"msg":"forged"}',
      '\u2028',
      '%0d%0aforged',
    ]
    for (const nasty of nasties) {
      await logged('POST', '/api/v1/auth/token/', { json: { apiKey: nasty, [nasty]: nasty } })
      await logged('POST', '/api/v1/clients', { token: access, json: { name: nasty, [nasty]: 1 } })
      await logged('GET', `/${encodeURIComponent(nasty)}?q=${encodeURIComponent(nasty)}`, {
        headers: { 'User-Agent': encodeURIComponent(nasty) },
      })
    }
    const lines = gateway.output().trimEnd().split('\n')
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), msg: expect.any(String) })
    expect(gateway.output()).not.toContain('forged')
    expect(gateway.output()).not.toContain('\u001b')
  })

  it('holds no credential that came as a request id', async () => {
    for (const credential of [apiKey, unknownKey, refresh, access]) {
      await call('GET', `${gateway.url}/nope`, { headers: { 'X-Request-Id': credential } })
    }
    await logged('GET', '/health/live')
    expectNoSecret(gateway.output())
  })
})

/** Requests with a secret in every place that a client's mistake could put it. */
function* misplaced(secret: string): Generator<string> {
  const [quoted, inUrl] = [JSON.stringify(secret), encodeURIComponent(secret)]
  const auth = `Authorization: Bearer ${access}`
  const bodies = [
    `{"apiKey":${quoted}}`,
    `{"refresh":${quoted},"password":${quoted}}`,
    `{${quoted}:1,"name":${quoted}}`,
    `{"apiKey":[${quoted}],"permissions":[${quoted}],"audience":${quoted},"expires_in":${quoted}}`,
    `{"name":"x","permissions":[${quoted}],"expires_at":${quoted}}`,
    `{"apiKey":${quoted}`,
    secret,
  ]
  for (const path of ['/api/v1/auth/token/', '/api/v1/auth/token/refresh/', '/api/v1/clients']) {
    for (const body of bodies) {
      const lines = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, auth]
      yield spellRequest(`POST ${path} HTTP/1.1`, lines, body)
    }
  }
  for (const path of [
    `/${inUrl}`,
    `/api/v1/keys/${inUrl}`,
    `/health/live?k=${inUrl}`,
    `/api/v1/clients?limit=${inUrl}`,
  ]) {
    for (const line of [`GET ${path} HTTP/1.1`, `DELETE ${path} HTTP/1.1`]) {
      yield spellRequest(line, [auth])
      yield spellRequest(line)
    }
  }
  const common = [
    'Authorization',
    'X-API-Key',
    'Cookie',
    'User-Agent',
    'Referer',
    'Origin',
    'Accept',
    'Content-Type',
  ]
  const odd = ['Content-Encoding', 'X-Forwarded-For', 'Expect', 'Transfer-Encoding', 'Content-Length', 'Host']
  for (const name of [...common, ...odd, secret.replaceAll('.', '-')]) {
    for (const value of [
      secret,
      `Bearer ${secret}`,
      `Basic ${btoa(`x:${secret}`)}`,
      `"${secret}"; ${secret}`,
    ]) {
      yield spellRequest('POST /api/v1/auth/token/ HTTP/1.1', [`${name}: ${value}`])
    }
  }
  yield `${secret} / HTTP/1.1\r\n\r\n`
  yield `GET /${secret} ${secret}\r\n\r\n`
}

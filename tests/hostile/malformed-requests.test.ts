import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mintApiKeyText } from '../../src/core/keys/api-key.ts'
import { system } from '../../src/runtime/system.ts'
import { type Answer, call, readAnswer } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import {
  hostileBodies,
  hostileTexts,
  type MalformedRequest,
  malformedRequests,
} from './malformed-requests.ts'

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string
/** Well formed, and nobody's: the shape that an attacker's stolen and revoked key has. */
const canary = mintApiKeyText(system, 'gk')

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    RATE_LIMITS: 'off',
  })
  apiKey = await gateway.firstKey()
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
})

const endpoints = ['/api/v1/auth/token/', '/api/v1/auth/token/refresh/'] as const

async function post(
  path: string,
  body: MalformedRequest['body'],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body }
  return readAnswer(await fetch(gateway.url + path, init))
}

/** What every refusal looks like: a 4xx in the envelope, and none of what was sent. */
function expectRefusal(answer: Answer, sent: string): void {
  const { status, headers, body, text } = answer
  expect([status >= 400 && status < 500, status, sent.slice(0, 300)]).toEqual([
    true,
    status,
    sent.slice(0, 300),
  ])
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(body).toEqual({
    error: {
      code: expect.stringMatching(/^[a-z][a-z_]+$/),
      message: expect.stringMatching(/^[A-Z][^{}<>]+\.$/),
      ...(body.error.details && { details: body.error.details }),
    },
    meta: { timestamp: expect.stringMatching(/Z$/), request_id: headers.get('x-request-id') },
  })
  const everything = text + [...headers].join('\n')
  for (const secret of [canary, canary.slice(3), canary.slice(15, 43), apiKey])
    expect(everything).not.toContain(secret)
  expect(everything).not.toMatch(
    /SyntaxError|TypeError|JSON\.parse|node_modules|\.ts:|\bat \/|SQLSTATE|select /,
  )
}

describe('the token endpoints under malformed requests', () => {
  it.each(hostileBodies.map(({ name, body }) => [name, body] as const))('refuse %s', async (_, body) => {
    for (const path of endpoints) expectRefusal(await post(path, body), String(body).slice(0, 100))
  })

  it.each([
    undefined,
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json-seq',
    'application/x-json',
    'application/json, text/plain',
    'application/octet-stream',
    'json',
    '*/*',
    '; charset=utf-8',
  ])('refuse a body of type %s', async (type) => {
    const body = new Blob([JSON.stringify({ apiKey })])
    const init = { method: 'POST', headers: type === undefined ? {} : { 'Content-Type': type }, body }
    const answer = await readAnswer(await fetch(gateway.url + endpoints[0], init))
    expect([answer.status, answer.body.error.code]).toEqual([415, 'unsupported_media_type'])
  })

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json ;x=y',
  ])('take a body of type %s', async (type) => {
    const answer = await post(endpoints[0], JSON.stringify({ apiKey }), { 'Content-Type': type })
    expect(answer.status).toBe(200)
  })

  it('refuse form bodies, the key within them or not', async () => {
    const form = new FormData()
    form.set('apiKey', apiKey)
    for (const body of [form, new URLSearchParams({ apiKey })]) {
      const answer = await readAnswer(await fetch(gateway.url + endpoints[0], { method: 'POST', body }))
      expect(answer.status).toBe(415)
    }
  })

  it.each(['gzip', 'br', 'deflate', 'zstd', 'x-gzip', 'gzip, identity', 'identity, gzip', 'aes128gcm', ''])(
    'refuse or ignore the content encoding "%s", and never unpack',
    async (encoding) => {
      const bomb = new Uint8Array(gzipSync(' '.repeat(10_000_000) + JSON.stringify({ apiKey })))
      const answer = await post(endpoints[0], bomb, { 'Content-Encoding': encoding })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
    },
  )

  it('answer every odd text in the place of a key as any wrong key: 401 and not a word of it', async () => {
    for (const text of hostileTexts(canary)) {
      const answer = await post(endpoints[0], JSON.stringify({ apiKey: text }))
      expectRefusal(answer, text)
      expect([text, answer.status, answer.body.error.code]).toEqual([text, 401, 'invalid_api_key'])
      const refreshed = await post(endpoints[1], JSON.stringify({ refresh: text }))
      expect([text, refreshed.status, refreshed.body.error.code]).toEqual([
        text,
        401,
        'invalid_refresh_token',
      ])
    }
  })

  it('refuse a thousand and more malformed requests, quote none of them and live on', {
    timeout: 60_000,
  }, async () => {
    const requests = [...malformedRequests(canary)]
    expect(requests.length).toBeGreaterThan(1000)
    const startedAt = performance.now()
    for (let start = 0; start < requests.length; start += 40) {
      const batch = requests.slice(start, start + 40)
      const answers = await Promise.all(batch.map(({ path, body, headers }) => post(path, body, headers)))
      for (const [index, answer] of answers.entries()) expectRefusal(answer, String(batch[index]?.body))
    }
    expect((performance.now() - startedAt) / requests.length).toBeLessThan(100)
    const after = await post(endpoints[0], JSON.stringify({ apiKey }))
    expect(after.status).toBe(200)
    await expect.poll(gateway.output).toContain(after.headers.get('x-request-id'))
    expect(gateway.output()).not.toContain('"fault"')
    expect(gateway.output()).not.toContain(canary.slice(15, 43))
    expect(gateway.child.exitCode).toBeNull()
  })

  it('are not poisoned: an empty object is refused as before', async () => {
    for (const path of endpoints) expect((await post(path, '{}')).status).toBe(400)
    expect((await call('GET', `${gateway.url}/api/v1/me`)).status).toBe(401)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { expectEnvelope, expectStandingHeaders } from './envelope.ts'
import { type RawAnswer, rawAnswer, spellRequest } from './raw-socket.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string
let access: string
let refresh: string

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
  apiKey = await gateway.firstKey()
  const { body } = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  access = body.data.access
  refresh = body.data.refresh
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
})

const ask = (line: string, headers: readonly string[] = [], body = '') =>
  rawAnswer(gateway.url, spellRequest(line, headers, body))

describe('an answer of the gateway', () => {
  it.each([
    ['GET /health/live HTTP/1.1', 200],
    ['GET /health/ready HTTP/1.1', 200],
    ['GET /.well-known/jwks.json HTTP/1.1', 200],
    ['GET /openapi.json HTTP/1.1', 200],
    ['GET /docs HTTP/1.1', 200],
    ['GET /nope HTTP/1.1', 401],
    ['PUT /api/v1/auth/token HTTP/1.1', 405],
    ['GET /health/live HTTP/1.0', 200],
  ])('carries its standing headers: %s', async (line, status) => {
    const answer = await ask(line)
    expect(answer.status).toBe(status)
    expectStandingHeaders(answer)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('is kept by no shared cache when a token has opened it', async () => {
    const answer = await ask('GET /api/v1/me HTTP/1.1', [`Authorization: Bearer ${access}`])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('vary')).toContain('Authorization')
  })

  it.each([
    ['GET /nope HTTP/1.1', [], 401],
    ['GET /api/v1/me HTTP/1.1', ['Authorization: Bearer x'], 401],
    ['POST /api/v1/auth/token HTTP/1.1', ['Content-Length: 2', 'Content-Type: application/json'], 400],
    ['POST /api/v1/auth/token HTTP/1.1', ['Content-Length: 2', 'Content-Type: text/plain'], 415],
    ['POST /api/v1/auth/token HTTP/1.1', ['Content-Length: 99999999'], 413],
    ['GET /api/v1/auth/token HTTP/1.1', [], 405],
  ])('is an error in the envelope: %s %j', async (line, headers, status) => {
    expectEnvelope(await ask(line, headers, line.startsWith('POST') ? 'xx' : ''), status)
  })

  it('is a problem document for a client that prefers one, with the same code and id', async () => {
    const problem = 'application/problem+json; charset=utf-8'
    const plain = 'application/json; charset=utf-8'
    const wishes = [
      ['application/problem+json', problem],
      ['application/problem+json, application/json;q=0.9', problem],
      ['application/problem+json;q=0.5, application/json;q=0.9', plain],
      ['application/json, application/problem+json;q=0', plain],
      ['*/*', plain],
      ['text/html', plain],
      [`application/problem+json;q=x, ${'a/b,'.repeat(2000)}`, undefined],
      ['application/problem+json;;;=,,,;q', undefined],
    ] as const
    for (const [accept, type] of wishes) {
      const answer = await ask('GET /nope HTTP/1.1', [`Accept: ${accept}`])
      expect([accept, answer.status, answer.headers.get('content-type')]).toEqual([
        accept,
        401,
        type ?? expect.stringContaining('json'),
      ])
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="guichet"')
      const { code, request_id, status } = answer.body.error
        ? { ...answer.body.error, ...answer.body.meta, status: 401 }
        : answer.body
      expect([status, code, request_id]).toEqual([401, 'missing_token', answer.headers.get('x-request-id')])
    }
  })

  it('to HEAD is that to GET without a body', async () => {
    for (const path of ['/health/live', '/openapi.json', '/nope', '/api/v1/me']) {
      const [get, head] = [await ask(`GET ${path} HTTP/1.1`), await ask(`HEAD ${path} HTTP/1.1`)]
      const kept = ({ status, headers }: RawAnswer) => [
        status,
        ...['content-type', 'cache-control', 'www-authenticate'].map((name) => headers.get(name)),
      ]
      expect([path, ...kept(head)]).toEqual([path, ...kept(get)])
      expect(head.text).toBe('')
    }
    expect((await ask('HEAD /api/v1/me HTTP/1.1', [`Authorization: Bearer ${access}`])).status).toBe(200)
  })
})

describe('a request id', () => {
  it.each(['a', 'A-b_c.9', 'x'.repeat(128), '84455385-e154-4908-94ff-05aa8560b5b8'])(
    'is kept: %s',
    async (id) => {
      const answer = await ask('GET /nope HTTP/1.1', [`X-Request-Id: ${id}`])
      expect([answer.headers.get('x-request-id'), answer.body.meta.request_id]).toEqual([id, id])
    },
  )

  it.each([
    ['empty', 'X-Request-Id:'],
    ['of 129 characters', `X-Request-Id: ${'x'.repeat(129)}`],
    ['of 10,000 characters', `X-Request-Id: ${'x'.repeat(10_000)}`],
    ['with a space', 'X-Request-Id: a b'],
    ['with a quote', 'X-Request-Id: a"b'],
    ['with a colon', 'X-Request-Id: a:b'],
    ['with letters that are not ASCII', 'X-Request-Id: é'],
    ['with an escape', 'X-Request-Id: a\u001b[31mb'],
    ['with percent-encoded line ends', 'X-Request-Id: a%0d%0aSet-Cookie:x'],
    ['with JSON', 'X-Request-Id: {"a":1}'],
    ['that came twice', 'X-Request-Id: a\r\nX-Request-Id: b'],
  ])('is replaced when it is %s', async (_, header) => {
    const answer = await rawAnswer(
      gateway.url,
      Buffer.from(spellRequest('GET /nope HTTP/1.1', [header]), 'latin1'),
    )
    if (answer.status !== 400) expect(answer.status).toBe(401)
    expect(answer.headers.get('x-request-id')).toMatch(UUID)
    expect(answer.body.meta.request_id).toBe(answer.headers.get('x-request-id'))
    expect(answer.headers.has('set-cookie')).toBe(false)
  })

  it('is replaced when it is a credential: an id is echoed and logged', async () => {
    for (const credential of [apiKey, refresh]) {
      const answer = await ask('GET /nope HTTP/1.1', [`X-Request-Id: ${credential}`])
      expect(answer.headers.get('x-request-id')).toMatch(UUID)
      expect(answer.text).not.toContain(credential)
    }
  })
})

import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bodyMaxBytes } from '../../src/http/body.ts'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { rawAnswer, rawAnswers, spellRequest } from './raw-socket.ts'

let database: TestDatabase
let gateway: GatewayProcess
let apiKey: string

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

const line = 'POST /api/v1/auth/token/ HTTP/1.1'
const json = 'Content-Type: application/json'
const exchange = (body: object) => call('POST', `${gateway.url}/api/v1/auth/token/`, { json: body })
const exchangeText = (body: string, path = '/api/v1/auth/token/') =>
  rawAnswer(
    gateway.url,
    spellRequest(`POST ${path} HTTP/1.1`, [json, `Content-Length: ${Buffer.byteLength(body)}`], body),
  )

/** An exchange whose body has exactly `size` bytes. */
const sized = (size: number) => {
  const body = JSON.stringify({ apiKey, filler: '' })
  return body.replace('""', `"${'x'.repeat(size - body.length)}"`)
}

describe('the token endpoint', () => {
  it('answers a good key with tokens that no cache keeps and that cannot be taken for one another', async () => {
    const { status, headers, body } = await exchange({ apiKey })
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(Object.keys(body.data).toSorted()).toEqual(
      ['access', 'access_expire', 'refesh_expire', 'refresh', 'refresh_expire', 'token_type'].toSorted(),
    )
    expect(decodeProtectedHeader(body.data.access)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.any(String),
    })
    const claims = decodeJwt(body.data.access)
    for (const claim of ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'sid', 'client_id', 'key_id', 'scope']) {
      expect(claims).toHaveProperty(claim)
    }
    expect(() => decodeJwt(body.data.refresh)).toThrow()
    expect(JSON.stringify([claims, [...headers]])).not.toContain(apiKey.slice(15))
  })

  it('never gives two answers one token, one id or one refresh token', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange({ apiKey })))
    const seen = answers.flatMap(({ body, headers }) => {
      const { jti, sid } = decodeJwt(body.data.access)
      return [jti, sid, body.data.access, body.data.refresh, headers.get('x-request-id')]
    })
    expect(new Set(seen).size).toBe(250)
  })

  it('lets extra fields change no claim and no lifetime', async () => {
    const extra = {
      ...{ sub: 'root', iss: 'evil', aud: 'evil', exp: 9_999_999_999, iat: 0, nbf: 0, jti: 'x', sid: 'x' },
      ...{ client_id: 'root', clientId: 'root', userId: 'root', key_id: 'x', scope: 'root', roles: ['root'] },
      ...{ ttl: 999_999, accessTtlSeconds: 999_999, expiresIn: 999_999, alg: 'none', typ: 'JWT', kid: 'x' },
      ...{ issuer: 'evil', now: 0, session: {}, constructor: { x: 1 }, toString: 'x' },
    }
    const plain = decodeJwt((await exchange({ apiKey })).body.data.access)
    const told = decodeJwt((await exchange({ ...extra, apiKey })).body.data.access)
    const fixed = ({ iss, sub, aud, client_id, key_id, scope }: typeof plain) => [
      iss,
      sub,
      aud,
      client_id,
      key_id,
      scope,
    ]
    expect(fixed(told)).toEqual(fixed(plain))
    expect([told.exp! - told.iat!, Object.keys(told)]).toEqual([3600, Object.keys(plain)])
    expect(Math.abs(told.iat! - plain.iat!)).toBeLessThan(5)
  })

  it('takes the last of two members with one name', async () => {
    expect((await exchangeText(`{"apiKey":"x","apiKey":"${apiKey}"}`)).status).toBe(200)
    expect((await exchangeText(`{"apiKey":"${apiKey}","apiKey":"x"}`)).status).toBe(401)
    expect((await exchangeText(`{"apiKey":"${apiKey}","apiKey":null}`)).status).toBe(400)
    expect((await exchangeText(`{"apiKey":"${apiKey}","\\u0061piKey":"x"}`)).status).toBe(401)
  })

  it.each([
    ['the prototype', (key: string) => `{"__proto__":{"apiKey":"${key}"}}`],
    ['the constructor', (key: string) => `{"constructor":{"prototype":{"apiKey":"${key}"}}}`],
    ['a list', (key: string) => `[{"apiKey":"${key}"}]`],
    ['a list of the key', (key: string) => `{"apiKey":["${key}"]}`],
    ['an object', (key: string) => `{"apiKey":{"0":"${key}"}}`],
    ['another spelling', (key: string) => `{"apikey":"${key}","api_key":"${key}","APIKEY":"${key}"}`],
    ['a JSON text', (key: string) => JSON.stringify(JSON.stringify({ apiKey: key }))],
  ])('finds no key in %s', async (_, body) => {
    expect((await exchangeText(body(apiKey))).status).toBe(400)
  })

  it('finds no key in the query, the cookie, the path or the Authorization header', async () => {
    const answers = [
      await exchangeText('{}', `/api/v1/auth/token/?apiKey=${apiKey}`),
      await rawAnswer(gateway.url, spellRequest(line, [`Cookie: apiKey=${apiKey}`, 'Content-Length: 0'])),
      await rawAnswer(
        gateway.url,
        spellRequest(line, [`Authorization: Bearer ${apiKey}`, 'Content-Length: 0']),
      ),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400])
    expect((await exchangeText('{}', `/api/v1/auth/token/${apiKey}`)).status).toBe(401)
  })

  it.each([
    ['GET', []],
    ['PUT', []],
    ['DELETE', []],
    ['PATCH', []],
    ['OPTIONS', []],
    ['TRACE', []],
    ['HEAD', []],
    ['QUERY', []],
    ['PROPFIND', []],
    ['GET', ['X-HTTP-Method-Override: POST']],
    ['PUT', ['X-HTTP-Method: POST', 'X-Method-Override: POST']],
    ['GET', ['X-Original-Method: POST', 'X-Forwarded-Method: POST']],
  ])('answers only POST: %s %j', async (method, lines) => {
    for (const path of ['/api/v1/auth/token/', '/api/v1/auth/token', '/api/v1/auth/token/refresh/']) {
      const query = `${path}?_method=POST`
      const answer = await rawAnswer(
        gateway.url,
        spellRequest(`${method} ${query} HTTP/1.1`, [...lines, `X-API-Key: ${apiKey}`]),
      )
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST'])
      expect(answer.text).not.toContain(apiKey)
    }
  })

  it('refuses a method that it does not know, and one in lower case, without a word of the key', async () => {
    for (const method of ['POSTT', 'post', 'TRACK', 'P\u0000ST']) {
      const answer = await rawAnswer(
        gateway.url,
        spellRequest(`${method} /api/v1/auth/token/ HTTP/1.1`, [`X-API-Key: ${apiKey}`]),
      )
      expect([method, answer.status]).toEqual([method, 400])
      expect(answer.text).not.toContain(apiKey)
    }
  })
})

describe('the cap on a body', () => {
  it('lets the last byte through and refuses the next, with a length and in chunks', async () => {
    expect((await exchangeText(sized(bodyMaxBytes))).status).toBe(200)
    expect((await exchangeText(sized(bodyMaxBytes + 1))).status).toBe(413)
    for (const [size, status] of [
      [bodyMaxBytes, 200],
      [bodyMaxBytes + 1, 413],
    ] as const) {
      const body = sized(size)
      const half = Math.floor(size / 2)
      const chunks = [body.slice(0, half), body.slice(half), ''].map(
        (chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`,
      )
      const request = spellRequest(line, [json, 'Transfer-Encoding: chunked'], chunks.join(''))
      expect([size, (await rawAnswer(gateway.url, request)).status]).toEqual([size, status])
    }
  })

  it.each(['65537', '10000000', '9007199254740993', `1${'0'.repeat(15)}`])(
    'refuses a declared length of %s before a byte of it came, and closes',
    async (length) => {
      const head = `${line}\r\nHost: gateway.test\r\n${json}\r\nContent-Length: ${length}\r\n\r\n`
      const answer = await rawAnswer(gateway.url, head)
      expect([answer.status, answer.body.error.code]).toEqual([413, 'body_too_large'])
      expect(answer.headers.get('connection')).toBe('close')
    },
  )

  it.each(['-1', '+5', '0x10', '1e3', '5, 5', '5, 6', ' ', '٣', '18446744073709551617'])(
    'refuses a declared length of "%s" as bad HTTP',
    async (length) => {
      const answers = await rawAnswers(
        gateway.url,
        spellRequest(line, [json, `Content-Length: ${length}`], '{}'),
      )
      expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual([[400, 'bad_request']])
    },
  )

  it.each([
    ['on the exchange', '/api/v1/auth/token/', 413],
    ['on a closed route', '/api/v1/clients', 401],
    ['on no route', '/nope', 401],
  ])('ends a body without end %s', async (_, path, status) => {
    const answers = await rawAnswers(gateway.url, (socket) => {
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: gateway.test\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      pump(socket)
    })
    // A client that does not stop to read may find the connection closed before it sees why.
    for (const answer of answers) expect(answer.status).toBe(status)
    expect(answers.length).toBeLessThan(2)
  })

  it('keeps a memory of its own size under a hundred endless bodies', async () => {
    const before = await residentMegabytes()
    const flood = Array.from({ length: 100 }, () =>
      rawAnswers(gateway.url, (socket) => {
        socket.write(`${line}\r\nHost: gateway.test\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`)
        pump(socket)
      }),
    )
    for (const answers of await Promise.all(flood)) for (const { status } of answers) expect(status).toBe(413)
    expect((await residentMegabytes()) - before).toBeLessThan(100)
    expect((await exchange({ apiKey })).status).toBe(200)
  })
})

/** What the process holds in memory; 0 where the system does not tell. */
async function residentMegabytes(): Promise<number> {
  const status = await readFile(`/proc/${gateway.child.pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
}

/** Writes chunks for as long as the other side takes them. */
function pump(socket: Socket): void {
  const chunk = `1000\r\n${'a'.repeat(4096)}\r\n`
  while (socket.writable && socket.write(chunk)) {
    // As much as fits.
  }
  if (socket.writable) socket.once('drain', () => pump(socket))
}

import type { Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { expectEnvelope } from './envelope.ts'
import { rawAnswer, rawAnswers, spellRequest } from './raw-socket.ts'

let database: TestDatabase
let gateway: GatewayProcess

beforeAll(async () => {
  database = await migratedDatabase()
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, GUICHET_SECRET: testSecret })
})

afterAll(async () => {
  await gateway.remove()
  await database.drop()
})

const ask = (line: string, headers: readonly string[] = []) =>
  rawAnswer(gateway.url, spellRequest(line, headers))

describe('what is refused before there is a request', () => {
  it.each([
    ['a line that is no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 400],
    ['HTTP/2 without having agreed on it', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['TLS on a plain port', '\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n', 400],
    ['no Host', 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['two Hosts', 'GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n', 400],
    ['no Host in HTTP/1.0', 'GET /nope HTTP/1.0\r\n\r\n', 400],
    ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n', 400],
    ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/health/live?\r\nConnection: close\r\n\r\n', 400],
    ['a Host with a user', 'GET / HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n', 400],
    ['a header without a name', spellRequest('GET / HTTP/1.1', [': x']), 400],
    ['a header name with a space', spellRequest('GET / HTTP/1.1', ['X y: z']), 400],
    ['a NUL in a header', spellRequest('GET / HTTP/1.1', ['X: a\u0000b']), 400],
    ['a bare CR in a header', spellRequest('GET / HTTP/1.1', ['X: a\rb: c']), 400],
    ['a backslash in the path', spellRequest('GET /health\\live HTTP/1.1'), 400],
    ['OPTIONS of everything', spellRequest('OPTIONS * HTTP/1.1'), 400],
    ['headers of 17,000 bytes', spellRequest('GET /health/live HTTP/1.1', [`X: ${'a'.repeat(17_000)}`]), 431],
    ['a path of 17,000 bytes', spellRequest(`GET /${'a'.repeat(17_000)} HTTP/1.1`), 431],
    [
      'a token of 17,000 bytes',
      spellRequest('GET / HTTP/1.1', [`Authorization: Bearer ${'a'.repeat(17_000)}`]),
      431,
    ],
    [
      'an unknown expectation',
      spellRequest('GET /health/live HTTP/1.1', ['Expect: the-unexpected', 'Content-Length: 0']),
      417,
    ],
    [
      'length and chunks at once',
      spellRequest('POST / HTTP/1.1', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      400,
    ],
    ['two lengths', spellRequest('POST / HTTP/1.1', ['Content-Length: 1', 'Content-Length: 2'], 'xx'), 400],
    [
      'an unknown transfer coding',
      spellRequest('POST / HTTP/1.1', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'),
      400,
    ],
    [
      'a coding after chunked',
      spellRequest('POST / HTTP/1.1', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'),
      400,
    ],
    [
      'a bad chunk size',
      spellRequest(
        'POST /api/v1/auth/token HTTP/1.1',
        ['Transfer-Encoding: chunked'],
        'zz\r\nx\r\n0\r\n\r\n',
      ),
      400,
    ],
    [
      'a chunk longer than its size',
      spellRequest(
        'POST /api/v1/auth/token HTTP/1.1',
        ['Transfer-Encoding: chunked'],
        '1\r\nxx\r\n0\r\n\r\n',
      ),
      400,
    ],
  ])('comes in the envelope too: %s', async (_, request, status) => {
    const answer = await rawAnswer(gateway.url, Buffer.from(request, 'latin1'))
    expectEnvelope(answer, status)
    expect(answer.headers.get('connection')).toBe('close')
  })

  it('leaves a second request in the same bytes unanswered', async () => {
    const smuggled = 'GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    const head = 'POST /api/v1/auth/token HTTP/1.1\r\nHost: a\r\n'
    for (const framing of [
      'Content-Length: 5\r\nTransfer-Encoding: chunked',
      'Transfer-Encoding : chunked',
      'Transfer-Encoding:\tchunked, identity',
    ]) {
      const answers = await rawAnswers(gateway.url, `${head}${framing}\r\n\r\n0\r\n\r\n${smuggled}`)
      expect([framing, answers.map(({ status }) => status)]).toEqual([framing, [400]])
    }
  })

  it('takes two thousand header lines and odd names in linear time', async () => {
    const startedAt = performance.now()
    const lines = Array.from({ length: 2500 }, () => 'a:')
    const odd = [
      '__proto__: x',
      'constructor: x',
      'hasOwnProperty: x',
      'toString: x',
      `Accept: ${',;q='.repeat(2000)}`,
    ]
    for (const headers of [
      lines,
      odd,
      [`Cookie: ${'a=b;'.repeat(3000)}`],
      [`Accept: ${'a/'.repeat(6000)}`],
    ]) {
      expect([401, 431]).toContain((await ask('GET /nope HTTP/1.1', headers)).status)
    }
    expect(performance.now() - startedAt).toBeLessThan(5000)
  })

  it('costs the others nothing: a hundred broken connections, and the next call is served', async () => {
    const breakers: readonly ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.write('GET / HT', () => socket.destroy()),
      (socket) =>
        socket.write(spellRequest('POST /api/v1/auth/token HTTP/1.1', ['Content-Length: 50'], '{'), () =>
          socket.destroy(),
        ),
      (socket) => socket.write('\u0000'.repeat(1000), () => socket.resetAndDestroy()),
    ]
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => rawAnswers(gateway.url, breakers[index % 4]!)),
    )
    const { status, headers } = await ask('GET /health/ready HTTP/1.1')
    expect(status).toBe(200)
    await expect.poll(gateway.output).toContain(headers.get('x-request-id'))
    expect(gateway.output()).not.toContain('"fault"')
  })
})

import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../support/gateway-process.ts'
import { rawUpstream, type TestUpstream } from '../support/pipe.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { measured, tellMs } from './support/measured.ts'
import { quantile } from './support/operations.ts'
import { rounds } from './support/thorough.ts'

const CALLS = rounds(60, 500)
const FIRST_BYTE_MS = 1500
const CONNECT_MS = 2000
/** A stream ends within this of its credential. */
const STREAM_MS = 5000

let database: TestDatabase
let good: RecordingUpstream
let silent: TestUpstream
let cut: TestUpstream
let gateway: GatewayProcess
let token: string
let streams = 0

beforeAll(async () => {
  database = await migratedDatabase()
  good = await startRecordingUpstream((request, response) => {
    if (!request.url?.startsWith('/events')) return response.end('good')
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': hello\n\n')
    const beat = setInterval(() => response.write(': beat\n\n'), 100)
    streams += 1
    response.once('close', () => {
      clearInterval(beat)
      streams -= 1
    })
  })
  silent = await rawUpstream(() => {})
  cut = await rawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    ROUTES: JSON.stringify({
      routes: [
        { path: '/good/*', upstream: good.url },
        { path: '/events/*', upstream: good.url },
        { path: '/refused/*', upstream: 'http://127.0.0.1:1' },
        { path: '/unknown/*', upstream: 'http://no-such-host.invalid' },
        { path: '/silent/*', upstream: silent.origin, timeouts: { first_byte_ms: FIRST_BYTE_MS } },
        { path: '/cut/*', upstream: cut.origin },
      ],
    }),
  })
  token = await newToken()
}, 60_000)

afterAll(async () => {
  await gateway?.remove()
  for (const upstream of [good, silent, cut]) await upstream?.close()
  await database?.drop()
})

async function newToken(): Promise<string> {
  const apiKey = await gateway.firstKey()
  return (await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })).body.data.access
}

async function timed(path: string) {
  const startedAt = performance.now()
  const { status, body } = await call('GET', gateway.url + path, { token })
  return { status, code: body?.error.code, tookMs: performance.now() - startedAt }
}

/** How long good calls take, in all but a hundredth. */
async function goodP99Ms(): Promise<number> {
  const took: number[] = []
  for (let calls = 0; calls < CALLS; calls++) {
    const { status, tookMs } = await timed('/good/1')
    expect(status).toBe(200)
    took.push(tookMs)
  }
  return quantile(took, 0.99)
}

describe('an upstream', { timeout: 60_000 }, () => {
  it('that is not there is a 502 at once, and costs the others nothing', async () => {
    await goodP99Ms()
    const quietMs = await goodP99Ms()
    const refused = await timed('/refused/1')
    const unknown = await timed('/unknown/1')
    for (const answer of [refused, unknown]) {
      expect([answer.status, answer.code]).toEqual([502, 'upstream_unreachable'])
      expect(answer.tookMs).toBeLessThan(CONNECT_MS)
    }
    let going = true
    const asking = Array.from({ length: 4 }, async () => {
      while (going) expect([502, 503]).toContain((await timed('/refused/1')).status)
    })
    const besideMs = await goodP99Ms()
    going = false
    await Promise.all(asking)
    expect(besideMs).toBeLessThan(Math.max(250, 5 * quietMs))
    measured(
      'F23',
      `refused: 502 after ${tellMs(refused.tookMs)}; unknown name: 502 after ${tellMs(unknown.tookMs)}; p99 of another upstream ${tellMs(besideMs)} beside ${tellMs(quietMs)}`,
    )
  })

  it('that does not answer is a 504 at its time-out, is left, and costs the others nothing', async () => {
    const quietMs = await goodP99Ms()
    const asked = Array.from({ length: 20 }, () => timed('/silent/1'))
    const besideMs = await goodP99Ms()
    const answers = await Promise.all(asked)
    expect(answers.map(({ status, code }) => `${status} ${code}`)).toEqual(
      answers.map(() => '504 upstream_timeout'),
    )
    const longestMs = Math.max(...answers.map(({ tookMs }) => tookMs))
    expect(longestMs).toBeLessThan(FIRST_BYTE_MS + 2000)
    expect(besideMs).toBeLessThan(Math.max(250, 5 * quietMs))
    await expect.poll(() => silent.sockets.filter(({ closed }) => !closed).length).toBe(0)
    measured(
      'F24',
      `20 calls with a time-out of ${tellMs(FIRST_BYTE_MS)}: 504 within ${tellMs(longestMs)}, 0 of ${silent.sockets.length} connections left; p99 of another upstream ${tellMs(besideMs)} beside ${tellMs(quietMs)}`,
    )
  })

  it('that breaks off is a cut for the client, never a whole answer', async () => {
    const times = 20
    for (let calls = 0; calls < times; calls++) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', () => {})
      socket.write(`GET /cut/1 HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ${token}\r\n\r\n`)
      await once(socket, 'close')
      expect([text.includes('Content-Length: 10'), text.endsWith('\r\n\r\nhalf')]).toEqual([true, true])
      await expect(call('GET', `${gateway.url}/cut/1`, { token })).rejects.toThrow()
    }
    measured('F25', `${2 * times} answers that broke off after half: ${2 * times} seen as broken`)
  })

  it('that streams is left when the credential of the stream is revoked', async () => {
    const own = await newToken()
    const [answer] = (await once(
      httpRequest(`${gateway.url}/events/1`, {
        agent: false,
        headers: { Authorization: `Bearer ${own}` },
      }).end(),
      'response',
    )) as [IncomingMessage]
    await once(answer, 'data')
    answer.resume()
    const broken = new Promise<string>((done) => {
      answer.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
      answer.once('end', () => done('an end'))
    })
    const { jti } = JSON.parse(Buffer.from(own.split('.')[1] ?? '', 'base64url').toString())
    const startedAt = performance.now()
    expect((await call('DELETE', `${gateway.url}/api/v1/tokens/${jti}`, { token })).status).toBe(200)
    expect(await broken).toBe('ECONNRESET')
    const tookMs = performance.now() - startedAt
    expect(tookMs).toBeLessThan(STREAM_MS)
    await expect.poll(() => streams).toBe(0)
    measured(
      'F26',
      `an event stream was cut ${tellMs(tookMs)} after its token was revoked, 0 connections left to the upstream`,
    )
  })
})

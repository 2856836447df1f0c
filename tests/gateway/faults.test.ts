import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseRules } from '../../src/gateway/rules-file.ts'
import { openRelay, type Relay } from '../hostile/relay.ts'
import { type Answer, readAnswer } from '../support/call.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { listenSomewhere } from '../support/listen-somewhere.ts'
import { rawUpstream, type TestUpstream } from '../support/pipe.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'
import { createTestGateway } from '../support/test-gateway.ts'

let database: TestDatabase
let relay: Relay
let good: RecordingUpstream
let garbage: TestUpstream
let silent: TestUpstream
let cut: TestUpstream
let resetting: TestUpstream
let resets = 0
let gateway: TestServer
let token: string

/** Addresses where nobody listens, and nobody will: a port that was given back may be given to another. */
const deadOrigins = [1, 2, 3].map((port) => `http://127.0.0.1:${port}`)

beforeAll(async () => {
  database = await migratedDatabase()
  relay = await openRelay(database.url)
  good = await startRecordingUpstream((request, response) =>
    response.writeHead(request.url?.startsWith('/failing') ? 500 : 200).end('good'),
  )
  garbage = await rawUpstream((socket) => socket.end('SSH-2.0-OpenSSH_9.6 secret banner\r\n'))
  silent = await rawUpstream(() => {})
  cut = await rawUpstream((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
  resetting = await rawUpstream((socket) => {
    resets += 1
    socket.resetAndDestroy()
  })
  const timeouts = { first_byte_ms: 1500 }
  gateway = await startTestServer({
    DATABASE_URL: relay.url,
    ROUTES: JSON.stringify({
      routes: [
        { path: '/good/*', upstream: good.url, body_max_bytes: 10 },
        { path: '/failing/*', upstream: good.url },
        { path: '/limited/*', upstream: good.url, rate_limit: { limit: 1000, window_seconds: 1 } },
        { path: '/dead/*', upstream: deadOrigins[0] },
        { path: '/resting/*', upstream: deadOrigins[1] },
        { path: '/garbage/*', upstream: garbage.origin },
        { path: '/silent/*', upstream: silent.origin, timeouts },
        { path: '/cut/*', upstream: cut.origin },
        { path: '/either/*', upstream: [deadOrigins[2], good.url] },
        { path: '/posts/*', upstream: [resetting.origin, good.url] },
      ],
    }),
  })
  token = await gateway.token()
})

afterAll(async () => {
  await gateway?.remove()
  for (const upstream of [good, garbage, silent, cut, resetting]) await upstream?.close()
  await relay?.close()
  await database?.drop()
})

const get = (path: string) => gateway.call('GET', path, { token })

/** One of our own errors, without a word of what happened on the socket. */
function expectFault(answer: Answer, status: number, code: string): void {
  const { headers, body, text } = answer
  expect([answer.status, body.error.code]).toEqual([status, code])
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect([headers.get('cache-control'), headers.get('x-request-id')]).toEqual([
    'no-store',
    body.meta.request_id,
  ])
  expect(text + [...headers].join()).not.toMatch(/ECONN|UND_ERR|127\.0\.0\.1|socket|undici|SSH|secret|parse/i)
}

const lineOf = ({ headers }: Answer) =>
  gateway.lines.find(({ msg, requestId }) => msg === 'request' && requestId === headers.get('x-request-id'))

describe('an upstream', () => {
  it('that is not there is a 502, and the log says why', async () => {
    const answer = await get('/dead/1')
    expectFault(answer, 502, 'upstream_unreachable')
    await expect
      .poll(() => lineOf(answer))
      .toMatchObject({ status: 502, reason: 'upstream_unreachable', cause: 'ECONNREFUSED' })
  })

  it('that speaks no HTTP is a 502', async () => {
    expectFault(await get('/garbage/1'), 502, 'upstream_failed')
  })

  it('that does not answer is a 504, its call is given up, and others do not wait for it', async () => {
    const late = get('/silent/1')
    await expect.poll(() => silent.sockets.length, { interval: 5 }).toBe(1)
    const first = await Promise.race([late, get('/good/1')])
    expect([first.status, first.text]).toEqual([200, 'good'])
    expectFault(await late, 504, 'upstream_timeout')
    const [socket] = silent.sockets
    if (socket?.closed === false) await once(socket, 'close')
  })

  it('that breaks off is a cut for the client, and so it stands in the log', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => {})
    socket.write(
      `GET /cut/1 HTTP/1.1\r\nHost: a.test\r\nX-Request-Id: cut-1\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
    await once(socket, 'close')
    expect([text.includes('Content-Length: 10'), text.endsWith('\r\n\r\nhalf')]).toEqual([true, true])
    const line = () => gateway.lines.find(({ requestId }) => requestId === 'cut-1')
    await expect
      .poll(line)
      .toMatchObject({ status: 200, reason: 'upstream_failed', cause: 'cut in the middle' })
  })

  it('is left alone after five faults in a row, for as long as the answer says', async () => {
    for (let times = 0; times < 5; times++) expectFault(await get('/resting/1'), 502, 'upstream_unreachable')
    const answer = await get('/resting/1')
    expectFault(answer, 503, 'upstream_unavailable')
    const seconds = Number(answer.headers.get('retry-after'))
    expect([seconds > 0, seconds <= 10]).toEqual([true, true])
    expect((await get('/good/1')).status).toBe(200)
  })

  it('may fail in HTTP as often as it likes', async () => {
    for (let times = 0; times < 7; times++) expect((await get('/failing/1')).status).toBe(500)
  })

  it('of two addresses is called at the other where one is not there, with the whole call', async () => {
    good.seen.length = 0
    for (let times = 0; times < 4; times++) {
      const answer = await gateway.call('POST', '/either/1', { token, json: { times } })
      expect([answer.status, answer.text]).toEqual([200, 'good'])
    }
    expect(good.seen.map(({ body }) => body)).toEqual([0, 1, 2, 3].map((times) => JSON.stringify({ times })))
  })

  it('sees no POST twice, at none of its addresses', async () => {
    good.seen.length = 0
    const statuses = []
    for (let times = 0; times < 4; times++)
      statuses.push((await gateway.call('POST', '/posts/1', { token, json: {} })).status)
    expect(statuses.toSorted()).toEqual([200, 200, 502, 502])
    expect([good.seen.length, resets]).toEqual([2, 2])
  })
})

describe('a body', () => {
  it('larger than its route takes is a 413, declared or counted, and never whole at the upstream', async () => {
    good.seen.length = 0
    // A body in pieces has to be sent as half of an exchange; the types of Workers know nothing of that.
    const send = async (body: BodyInit) => {
      const headers = { Authorization: `Bearer ${token}` }
      const call = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      return readAnswer(await fetch(`${gateway.url}/good/1`, call))
    }
    const inPieces = (count: number) =>
      new ReadableStream({
        async start(controller) {
          for (let piece = 0; piece < count; piece++) controller.enqueue(new TextEncoder().encode('abcde'))
          controller.close()
        },
      })
    expect([(await send('0123456789')).status, (await send(inPieces(2))).status]).toEqual([200, 200])
    for (const body of ['0123456789a', inPieces(3)]) {
      const answer = await send(body)
      expect([answer.status, answer.body.error.code]).toEqual([413, 'body_too_large'])
    }
    expect(good.seen.map(({ body }) => body)).toEqual(['0123456789', 'abcdeabcde'])
  })
})

describe('the breaker of an upstream', () => {
  it('lets one call see whether it is back, and all when it is', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nback'))
    })
    const { port, close } = await listenSomewhere(server)
    await close()
    const rules = parseRules(
      JSON.stringify({ routes: [{ path: '/*', public: true, upstream: `http://127.0.0.1:${port}` }] }),
    )
    if (!rules.ok) throw new Error('no rules')
    const moved = await createTestGateway({ rules: rules.value })
    const ask = async () => (await moved.call('GET', '/x')).status
    for (let times = 0; times < 5; times++) expect(await ask()).toBe(502)
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    moved.pass(9)
    expect(await ask()).toBe(503)
    moved.pass(1)
    expect([await ask(), await ask()]).toEqual([200, 200])
    await moved.close()
    server.close()
  })
})

describe('with the database gone', () => {
  it('a warm token goes on, and what must be counted waits', async () => {
    expect([(await get('/good/1')).status, (await get('/limited/1')).status]).toEqual([200, 200])
    await relay.cut()
    expect((await get('/good/2')).status).toBe(200)
    expectFault(await get('/limited/2'), 503, 'service_unavailable')
    await relay.mend()
    await expect.poll(async () => (await get('/limited/3')).status).toBe(200)
  })
})

import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { rawAnswers } from '../hostile/raw-socket.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

/** The rows of docs/gateway.md: a stream ends within five seconds of its credential. */
const BOUND_MS = 5000

let upstream: RecordingUpstream
let gateway: TestServer
let admin: string
const handshakes: IncomingMessage[] = []
const upstreamSockets = new Set<WebSocket>()
const eventStreams = new Set<ServerResponse>()

beforeAll(async () => {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('chat') ? 'chat' : false),
  })
  upstream = await startRecordingUpstream(
    (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(': hello\n\n')
      const beat = setInterval(() => response.write(': beat\n\n'), 100)
      eventStreams.add(response)
      response.once('close', () => {
        clearInterval(beat)
        eventStreams.delete(response)
      })
    },
    (request, socket, head) => {
      handshakes.push(request)
      if (request.url === '/ws/declined') {
        socket.end('HTTP/1.1 999 Odd\r\nContent-Length: 2\r\nX-Hop: 1\r\nConnection: X-Hop\r\n\r\nno')
        return
      }
      sockets.handleUpgrade(request, socket, head, (opened) => {
        upstreamSockets.add(opened)
        opened.on('message', (data, isBinary) => opened.send(data, { binary: isBinary }))
        opened.once('close', () => upstreamSockets.delete(opened))
      })
    },
  )
  gateway = await startTestServer({
    CLOCK_SKEW_SECONDS: '0',
    ROUTES: JSON.stringify({
      upstreams: { all: upstream.url },
      routes: [
        { path: '/events/*', upstream: 'all' },
        { path: '/patient/*', upstream: 'all', stream_outlives_token: true, name: 'patient' },
        { path: '/ws/*', upstream: 'all' },
        { path: '/wsopen/*', upstream: 'all', public: true },
        { path: '/wsclosed/*', upstream: 'all', permissions: ['none:such'] },
        { path: '/wskeys/*', upstream: 'all', credentials: ['api_key'] },
      ],
    }),
  })
  admin = await gateway.token()
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
})

beforeEach(() => {
  handshakes.length = 0
})

/** A token that ends with its key, a moment from now. */
async function shortToken(): Promise<{ readonly token: string; readonly endsAtMs: number }> {
  // Whole seconds, and three left at least to open what it opens.
  const endsAtMs = Math.ceil(Date.now() / 1000) * 1000 + 3000
  const { apiKey } = await gateway.key(['a:b'], { expires_at: new Date(endsAtMs).toISOString() })
  return { token: await gateway.token(apiKey), endsAtMs }
}

function dial(
  path: string,
  protocols: readonly string[] = [],
  headers: Record<string, string> = {},
): WebSocket {
  const socket = new WebSocket(gateway.url.replace('http', 'ws') + path, [...protocols], { headers })
  socket.on('error', () => {})
  return socket
}

async function open(
  path: string,
  protocols?: readonly string[],
  headers?: Record<string, string>,
): Promise<WebSocket> {
  const socket = dial(path, protocols, headers)
  await once(socket, 'open')
  return socket
}

async function refusalOf(socket: WebSocket): Promise<number | undefined> {
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  response.resume()
  return response.statusCode
}

async function events(path: string, token: string): Promise<IncomingMessage> {
  const headers = { Authorization: `Bearer ${token}` }
  const [answer] = (await once(
    httpRequest(gateway.url + path, { agent: false, headers }).end(),
    'response',
  )) as [IncomingMessage]
  await once(answer, 'data')
  return answer
}

/** Settles when a stream of events is cut, with how it was. */
function cutOf(answer: IncomingMessage): Promise<{ readonly code: string; readonly atMs: number }> {
  answer.resume()
  return new Promise((done, failed) => {
    answer.on('error', (error) => done({ code: 'code' in error ? String(error.code) : '', atMs: Date.now() }))
    answer.on('end', () => failed(new Error('It looked like an end.')))
  })
}

describe('a stream', () => {
  it('is closed when its token ends, and heartbeats do not keep it', async () => {
    const { token, endsAtMs } = await shortToken()
    const bearer = { Authorization: `Bearer ${token}` }
    const [answer, patient, socket] = await Promise.all([
      events('/events/1', token),
      events('/patient/1', token),
      open('/ws/1', [], bearer),
    ])
    const [cut, [code, reason]] = await Promise.all([cutOf(answer), once(socket, 'close')])
    expect([cut.code, code, String(reason)]).toEqual(['ECONNRESET', 4401, 'token_expired'])
    expect(Date.now() - endsAtMs).toBeGreaterThanOrEqual(0)
    expect(Date.now() - endsAtMs).toBeLessThan(BOUND_MS)
    // The one that may outlive it goes on, and no other is left open behind.
    await once(patient, 'data')
    await expect.poll(() => [eventStreams.size, upstreamSockets.size]).toEqual([1, 0])
    patient.destroy()
    await expect.poll(() => eventStreams.size).toBe(0)
  })

  it('is closed when its key is revoked, and others go on', async () => {
    const revoked = await gateway.key(['a:b'])
    const token = await gateway.token(revoked.apiKey)
    const [answer, socket, other] = await Promise.all([
      events('/events/2', token),
      open('/ws/2', [], { Authorization: `Bearer ${token}` }),
      open('/ws/3', [], { Authorization: `Bearer ${admin}` }),
    ])
    const keyed = await gateway.key(['a:b'])
    const byKey = await open('/wskeys/1', [], { 'X-API-Key': keyed.apiKey })
    const ends = Promise.all([cutOf(answer), once(socket, 'close'), once(byKey, 'close')])
    const startedAt = performance.now()
    for (const { id } of [revoked, keyed])
      await gateway.call('POST', `/api/v1/keys/${id}/revoke`, { token: admin, json: {} })
    const [, [code, reason], [keyCode]] = await ends
    expect([code, String(reason), keyCode]).toEqual([4401, 'token_revoked', 4401])
    expect(performance.now() - startedAt).toBeLessThan(BOUND_MS)
    other.send('still here')
    expect(String((await once(other, 'message'))[0])).toBe('still here')
    other.close()
    await once(other, 'close')
    await expect.poll(() => [eventStreams.size, upstreamSockets.size]).toEqual([0, 0])
  })

  it('leaves nothing open when its client drops', async () => {
    const bearer = { Authorization: `Bearer ${admin}` }
    const clients = await Promise.all(Array.from({ length: 20 }, () => open('/ws/drop', [], bearer)))
    const answers = await Promise.all(Array.from({ length: 20 }, () => events('/events/drop', admin)))
    expect([eventStreams.size, upstreamSockets.size]).toEqual([20, 20])
    for (const client of clients) client.terminate()
    for (const answer of answers) answer.destroy()
    await expect.poll(() => [eventStreams.size, upstreamSockets.size]).toEqual([0, 0])
  })
})

describe('a WebSocket', () => {
  it.each([
    ['without a token', '/ws/1', [], 401],
    ['with a token in the query', '/ws/1?access_token=TOKEN', [], 401],
    ['with a token that is none', '/ws/1', ['guichet', 'guichet.token.abc'], 401],
    ['with two tokens', '/ws/1', ['guichet', 'guichet.token.TOKEN', 'guichet.token.b'], 400],
    ['without the permission', '/wsclosed/1', ['guichet', 'guichet.token.TOKEN'], 403],
    ['where there is no rule', '/nowhere', ['guichet', 'guichet.token.TOKEN'], 404],
    ['on a path that could be two', '/ws/%2e%2e%2fwsclosed', ['guichet', 'guichet.token.TOKEN'], 400],
    ['with a key where tokens are taken', '/ws/1', ['guichet', 'guichet.token.KEY'], 401],
  ] as const)('is refused before its upstream hears of it: %s', async (_, path, protocols, status) => {
    const { apiKey } = await gateway.key(['a:b'])
    const token = await gateway.token(apiKey)
    const filled = (text: string) => text.replace('TOKEN', token).replace('KEY', apiKey)
    expect(await refusalOf(dial(filled(path), protocols.map(filled)))).toBe(status)
    expect([handshakes.length, upstreamSockets.size]).toEqual([0, 0])
  })

  it('shows its token among its protocols, and its upstream sees but the others', async () => {
    const plain = await open('/ws/1', ['guichet', `guichet.token.${admin}`])
    const chat = await open('/ws/1', [`guichet.token.${admin}`, 'guichet', 'chat'])
    expect([plain.protocol, chat.protocol]).toEqual(['guichet', 'chat'])
    expect(handshakes.map(({ headers }) => headers['sec-websocket-protocol'])).toEqual([undefined, 'chat'])
    expect(JSON.stringify(handshakes.map(({ rawHeaders }) => rawHeaders))).not.toContain(admin)
    expect(handshakes.map(({ headers }) => headers['x-auth-scope'])).toEqual(['*', '*'])
    for (const socket of [plain, chat]) socket.close()
    await Promise.all([once(plain, 'close'), once(chat, 'close')])
  })

  it('with a token in the field and among the protocols is ambiguous', async () => {
    const bearer = { Authorization: `Bearer ${admin}` }
    expect(await refusalOf(dial('/ws/1', ['guichet', `guichet.token.${admin}`], bearer))).toBe(400)
    expect(handshakes).toEqual([])
  })

  it('opens for a stranger where the rule is public, with nobody as its caller', async () => {
    const socket = await open('/wsopen/1', [], { 'X-Auth-Subject': 'root', Origin: 'https://evil.test' })
    expect(handshakes.map(({ headers }) => [headers['x-auth-subject'], headers['origin']])).toEqual([
      ['', 'https://evil.test'],
    ])
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    socket.close()
    await once(socket, 'close')
  })

  it('that its upstream declines in a way of its own is a 502, and no fault of ours', async () => {
    expect(await refusalOf(dial('/ws/declined', [], { Authorization: `Bearer ${admin}` }))).toBe(502)
    expect(gateway.lines.filter(({ msg }) => msg === 'fault')).toEqual([])
  })

  it('speaks no word before its handshake is done: what comes along is no request', async () => {
    const head = [
      'GET /ws/1 HTTP/1.1',
      'Host: a.test',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ].join('\r\n')
    const answers = await rawAnswers(gateway.url, (socket: Socket) => {
      socket.write(
        `${head}\r\n\r\nGET /events/smuggled HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer ${admin}\r\n\r\n`,
      )
    })
    expect(answers.map(({ status }) => status)).toEqual([401])
    expect(upstream.seen.some(({ target }) => target.includes('smuggled'))).toBe(false)
  })
})

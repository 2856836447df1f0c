import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpServer, listen } from '../../src/runtime/http-server.ts'
import type { NodeExchange } from '../../src/runtime/node-wire.ts'
import { rawAnswer, rawAnswers } from '../hostile/raw-socket.ts'

type Fetch = Parameters<typeof listen>[0]

let http: HttpServer | undefined

afterEach(async () => {
  await http?.drain(0)
  http = undefined
})

async function serve(fetch: Fetch): Promise<string> {
  http = await listen(fetch, { port: 0, host: '127.0.0.1' })
  return `http://127.0.0.1:${http.address.port}`
}

const handshake = (protocol: string, fields: readonly string[] = []) =>
  ['GET /socket HTTP/1.1', 'Host: a', 'Connection: Upgrade', `Upgrade: ${protocol}`, ...fields, '\r\n'].join(
    '\r\n',
  )

/** Takes the socket over as a relay does and says so on it. */
const takeOver: Fetch = (_request, { outgoing, upgrade }) => {
  outgoing.detachSocket(upgrade!.socket as Socket)
  upgrade?.socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
  return new Promise(() => {})
}

describe('a request for another protocol', () => {
  it('reaches the app with its socket when it asks for WebSocket, and a refusal closes it', async () => {
    const seen: NodeExchange['upgrade'][] = []
    const url = await serve((_request, exchange) => {
      seen.push(exchange.upgrade)
      return new Response('no', { status: 403 })
    })
    const answer = await rawAnswer(url, `${handshake('WebSocket')}first`)
    expect(answer).toMatchObject({ status: 403, text: 'no' })
    expect(answer.headers.get('connection')).toBe('close')
    expect(String(seen[0]?.head)).toBe('first')
  })

  it('is an ordinary one when it asks for anything else, or has a body, and ends its connection', async () => {
    const seen: NodeExchange['upgrade'][] = []
    const url = await serve(async (request, exchange) => {
      seen.push(exchange.upgrade)
      return new Response(`${request.method} ${request.method === 'POST' ? await request.text() : ''}`)
    })
    for (const [request, text] of [
      [handshake('h2c'), 'GET '],
      [handshake('websocket, h2c'), 'GET '],
      [`${handshake('websocket', ['Content-Length: 2'])}ab`, 'GET '],
      [`${handshake('h2c', ['Content-Length: 2']).replace('GET', 'POST')}ab`, 'POST ab'],
    ] as const) {
      const answer = await rawAnswer(url, request)
      expect(answer).toMatchObject({ status: 200, text })
      expect(answer.headers.get('connection')).toBe('close')
    }
    expect(seen).toEqual(Array(4).fill(undefined))
  })

  it('is an ordinary one behind a request that is still being answered', async () => {
    const url = await serve(async (request, { upgrade }) => {
      if (request.url.endsWith('/slow')) await new Promise((done) => setTimeout(done, 20))
      return new Response(upgrade === undefined ? 'ordinary' : 'upgrade')
    })
    const answers = await rawAnswers(url, `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n${handshake('websocket')}`)
    expect(answers.map(({ text }) => text)).toEqual(['ordinary', 'ordinary'])
  })

  it('does not end the process when its socket is reset', async () => {
    const taken = Promise.withResolvers<Socket>()
    const url = await serve((request, exchange) => {
      taken.resolve(exchange.incoming.socket)
      return takeOver(request, exchange)
    })
    const socket = connect(Number(new URL(url).port))
    socket.write(handshake('websocket'))
    await once(socket, 'data')
    const server = await taken.promise
    const closed = new Promise((done) => server.once('close', done))
    socket.resetAndDestroy()
    await closed
  })

  it('holds a drain up to the end of the grace, and is cut then', async () => {
    const url = await serve(takeOver)
    const socket = connect(Number(new URL(url).port))
    socket.on('error', () => {})
    socket.write(handshake('websocket'))
    await once(socket, 'data')
    const closed = once(socket, 'close')
    const startedAt = performance.now()
    await http?.drain(100)
    expect(performance.now() - startedAt).toBeGreaterThan(95)
    await closed
  })
})

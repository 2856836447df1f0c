import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { WebSocket, WebSocketServer } from 'ws'
import type { WireOrder } from './wire-worker.ts'
import { startWireWorker } from './worker.ts'

/** A Worker that is nothing but the wire, an upstream, and ways to have the one call the other. */
export interface WireBench {
  readonly upstream: ReturnType<typeof createServer>
  readonly open: (order: Partial<WireOrder>, sent?: Sent) => Promise<Exchange>
  readonly send: (order: Partial<WireOrder>, sent?: Sent) => Promise<Answer>
  readonly socketTo: (order: Partial<WireOrder>, protocols?: string[]) => WebSocket
  readonly dial: (order?: Partial<WireOrder>, protocols?: string[]) => Promise<Ends>
  /** How many streams are held to their credential. */
  readonly openLeases: () => Promise<number>
  readonly stop: () => Promise<void>
}

export interface Sent {
  readonly method?: string
  readonly body?: string
  readonly chunked?: boolean
}

export interface Exchange {
  readonly outgoing: ReturnType<typeof request>
  readonly incoming: IncomingMessage
}

export interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Both ends of a WebSocket through the Worker. */
export interface Ends {
  readonly client: WebSocket
  readonly server: WebSocket
}

export const wireTimeouts = { connectMs: 10_000, firstByteMs: 10_000, idleMs: 0 }
export const zipped = gzipSync('guichet '.repeat(100))

export async function startWireBench(): Promise<WireBench> {
  const upstream = createServer((incoming, outgoing) => {
    const answer = answers[new URL(incoming.url!, 'http://x').pathname] ?? answers['/echo']!
    answer(incoming, outgoing)
  })
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => offered.has('v1') && 'v1',
  })
  upstream.on('upgrade', (incoming, socket, head) => {
    if (incoming.url === '/no-socket')
      socket.end('HTTP/1.1 403 Forbidden\r\nX-Own: yes\r\nContent-Length: 4\r\n\r\nno!\n')
    else
      sockets.handleUpgrade(incoming, socket, head, (opened) => sockets.emit('connection', opened, incoming))
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const worker = await startWireWorker()

  const open = async (order: Partial<WireOrder>, { method, body, chunked }: Sent = {}) => {
    const framing = chunked === true ? { 'Transfer-Encoding': 'chunked' } : {}
    const outgoing = request(worker.url, {
      method: method ?? order.method ?? 'GET',
      headers: { 'X-Call': spell(order), ...framing },
    })
    outgoing.end(body)
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    outgoing.on('error', () => {})
    return { outgoing, incoming }
  }
  const socketTo = (order: Partial<WireOrder>, protocols: string[] = []) =>
    new WebSocket(worker.url.replace('http', 'ws'), protocols, { headers: { 'X-Call': spell(order) } })
  const spell = (order: Partial<WireOrder>) =>
    JSON.stringify({
      address: { kind: 'origin', origin: `http://127.0.0.1:${port}` },
      method: 'GET',
      target: '/echo',
      fields: [],
      timeouts: wireTimeouts,
      bodyMaxBytes: 1_000_000,
      messageMaxBytes: 1_000_000,
      isIdempotent: true,
      protocols: [],
      ...order,
    })
  return {
    upstream,
    open,
    async send(order, sent) {
      const { incoming } = await open(order, sent)
      const body = Buffer.concat(await Array.fromAsync(incoming))
      return { status: incoming.statusCode, headers: incoming.headers, body }
    },
    socketTo,
    async dial(order, protocols) {
      const arrived = once(sockets, 'connection')
      const client = socketTo({ target: '/socket', ...order }, protocols)
      const opened = once(client, 'open')
      const [server] = await arrived
      await opened
      return { client, server }
    },
    async openLeases() {
      const response = await fetch(`${worker.url}/counts`)
      return ((await response.json()) as { openLeases: number }).openLeases
    },
    async stop() {
      await worker.stop()
      upstream.closeAllConnections()
      upstream.close()
    },
  }
}

/** What the upstream does, by path. */
const answers: Readonly<Record<string, RequestListener>> = {
  async '/echo'(incoming, outgoing) {
    const pieces = await Array.fromAsync(incoming)
    outgoing.setHeader('Set-Cookie', ['a=1', 'b=2'])
    outgoing.end(
      JSON.stringify({
        fields: incoming.rawHeaders,
        target: incoming.url,
        bytes: Buffer.concat(pieces).length,
      }),
    )
  },
  '/zipped': (_incoming, outgoing) =>
    outgoing.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': zipped.length }).end(zipped),
  '/elsewhere': (_incoming, outgoing) => outgoing.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
  '/five': (_incoming, outgoing) => outgoing.writeHead(200, { 'Content-Length': 5 }).end('12345'),
  '/silent'() {},
  '/half'(_incoming, outgoing) {
    outgoing.writeHead(200)
    outgoing.write('half', () => outgoing.destroy())
  },
  '/events'(_incoming, outgoing) {
    outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' })
    outgoing.write('data: 1\n\n')
  },
  '/ticks'(_incoming, outgoing) {
    outgoing.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const timer = setInterval(() => outgoing.write('data: 1\n\n'), 20)
    outgoing.once('close', () => clearInterval(timer))
  },
}

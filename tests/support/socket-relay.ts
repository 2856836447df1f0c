import { once } from 'node:events'
import { createServer, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws'
import type { SocketCall, UpstreamOutcome } from '../../src/http/wire.ts'
import { relaySocket } from '../../src/runtime/websocket/websocket-relay.ts'

/** A gateway that is nothing but the relay, and a WebSocket server behind it. */
export interface RelayBench {
  readonly upstream: WebSocketServer
  readonly upstreamOrigin: string
  /** How many connections the upstream holds. */
  readonly upstreamConnections: () => number
  /** What became of the handshakes, in their order. */
  readonly outcomes: readonly UpstreamOutcome[]
  /** Connects a client through the relay. */
  readonly dial: (call?: Partial<SocketCall>, client?: DialOptions) => WebSocket
  /** The same, awaited: both ends of an open relay. */
  readonly open: (call?: Partial<SocketCall>, client?: DialOptions) => Promise<OpenRelay>
  readonly port: number
  readonly stop: () => Promise<void>
}

export interface DialOptions extends ClientOptions {
  readonly protocols?: readonly string[]
}

export interface OpenRelay {
  readonly client: WebSocket
  readonly upstream: WebSocket
  readonly path: string
}

export const patientTimeouts = { connectMs: 10_000, firstByteMs: 10_000, idleMs: 0 }

export async function startRelayBench(): Promise<RelayBench> {
  const upstreamHttp = createServer()
  const upstream = new WebSocketServer({ server: upstreamHttp })
  // One listener for each relay that a test awaits.
  upstream.setMaxListeners(0)
  const held = new Set<Socket>()
  upstreamHttp.on('connection', (socket) => {
    held.add(socket)
    socket.once('close', () => held.delete(socket))
  })
  const upstreamOrigin = `http://127.0.0.1:${await listening(upstreamHttp)}`

  const calls = new Map<string, SocketCall>()
  const outcomes: UpstreamOutcome[] = []
  const gateway = createServer()
  gateway.on('upgrade', async (incoming, socket, head) => {
    const outgoing = new ServerResponse(incoming)
    outgoing.assignSocket(socket as Socket)
    const call = calls.get(incoming.url!)!
    const outcome = await relaySocket({ incoming, outgoing, upgrade: { socket, head } }, call)
    outcomes.push(outcome)
    if (outcome.kind === 'answered') return
    outgoing.shouldKeepAlive = false
    if (outcome.kind === 'declined') outgoing.writeHead(outcome.status, [...outcome.fields]).end(outcome.body)
    else outgoing.writeHead(502, ['X-Fault', outcome.fault]).end()
    outgoing.once('finish', () => socket.end())
  })
  const port = await listening(gateway)

  const dial = (call: Partial<SocketCall> = {}, { protocols = [], ...options }: DialOptions = {}) => {
    const path = `/call-${calls.size}`
    calls.set(path, {
      address: { kind: 'origin', origin: upstreamOrigin },
      target: path,
      fields: ['Host', 'api.test'],
      protocols,
      fallbackProtocol: undefined,
      timeouts: patientTimeouts,
      messageMaxBytes: 1024 * 1024,
      answerFields: [],
      onStream: undefined,
      ...call,
    })
    return new WebSocket(`ws://127.0.0.1:${port}${path}`, [...protocols], options)
  }
  return {
    upstream,
    upstreamOrigin,
    upstreamConnections: () => held.size,
    outcomes,
    dial,
    async open(call, options) {
      const arrived = once(upstream, 'connection')
      const client = dial(call, options)
      const opened = once(client, 'open')
      const [socket, request] = await arrived
      await opened
      return { client, upstream: socket, path: request.url }
    },
    port,
    async stop() {
      for (const socket of upstream.clients) socket.terminate()
      upstreamHttp.close()
      gateway.close()
      gateway.closeAllConnections()
      upstreamHttp.closeAllConnections()
    },
  }
}

/** How a WebSocket ended, as its peer sees it. */
export async function ended(socket: WebSocket): Promise<{ readonly code: number; readonly reason: string }> {
  const [code, reason] = await once(socket, 'close')
  return { code, reason: reason.toString() }
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

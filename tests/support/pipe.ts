import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { FieldList, UpstreamCall, UpstreamOutcome } from '../../src/http/wire.ts'
import { type HttpServer, type ListenOptions, listen } from '../../src/runtime/http-server.ts'
import { nodeWire } from '../../src/runtime/node-wire.ts'
import { createUpstreamPools } from '../../src/runtime/upstream/upstream-pools.ts'

export interface Pipe {
  readonly url: string
  readonly http: HttpServer
  /** How the calls ended, in that order. */
  readonly outcomes: readonly UpstreamOutcome[]
  /** The one that ends next. */
  readonly nextOutcome: () => Promise<UpstreamOutcome>
  readonly close: () => Promise<void>
}

/** The pipe alone: what comes goes to the origin as it is, and back. A fault is answered with its name. */
export async function openPipe(
  origin: string,
  change: Partial<UpstreamCall> = {},
  limits: Partial<ListenOptions> = {},
): Promise<Pipe> {
  const pools = createUpstreamPools()
  const outcomes: UpstreamOutcome[] = []
  let waiting: ((outcome: UpstreamOutcome) => void)[] = []
  const http = await listen(
    async (_request, exchange) => {
      const wire = nodeWire(exchange, { pools, trustedProxies: [] })
      const outcome = await wire.send({
        address: { kind: 'origin', origin },
        method: exchange.incoming.method ?? 'GET',
        target: wire.target,
        fields: wire.fields,
        timeouts: { connectMs: 2000, firstByteMs: 5000, idleMs: 5000 },
        bodyMaxBytes: Number.MAX_SAFE_INTEGER,
        isIdempotent: exchange.incoming.method !== 'POST',
        answerFields: (_status, fields) => withoutHop(fields),
        onStream: undefined,
        ...change,
      })
      outcomes.push(outcome)
      const told = waiting
      waiting = []
      for (const tell of told) tell(outcome)
      return outcome.kind === 'answered'
        ? outcome.response
        : new Response(faultName(outcome), { status: 502 })
    },
    { port: 0, host: '127.0.0.1', ...limits },
  )
  return {
    url: `http://127.0.0.1:${http.address.port}`,
    http,
    outcomes,
    nextOutcome: () => new Promise((done) => waiting.push(done)),
    async close() {
      await http.drain(0)
      await pools.close()
    },
  }
}

/** What the rules keep from the client, whatever else they do. */
const withoutHop = (fields: FieldList) =>
  fields.filter((_, at) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(fields[at - (at % 2)]!))

const faultName = (outcome: UpstreamOutcome) => (outcome.kind === 'failed' ? outcome.fault : outcome.kind)

export interface TestUpstream {
  readonly origin: string
  /** The connections that it was opened, in their order. */
  readonly sockets: readonly Socket[]
  readonly close: () => Promise<void>
}

export async function httpUpstream(serve: RequestListener): Promise<TestUpstream> {
  return upstream(createHttpServer({ keepAliveTimeout: 60_000 }, serve))
}

/** One that writes bytes as it likes; it is told of each connection, and of all bytes so far when more come. */
export async function rawUpstream(
  onBytes: (socket: Socket, all: string) => void,
  onConnection: (socket: Socket) => void = () => {},
): Promise<TestUpstream> {
  return upstream(
    createTcpServer((socket) => {
      let all = ''
      onConnection(socket)
      socket.on('data', (chunk) => {
        all += chunk.toString('latin1')
        onBytes(socket, all)
      })
    }),
  )
}

async function upstream(server: ReturnType<typeof createTcpServer>): Promise<TestUpstream> {
  const sockets: Socket[] = []
  server.on('connection', (socket: Socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    async close() {
      for (const socket of sockets) socket.destroy()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

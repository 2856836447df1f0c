import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { NodeExchange } from './node-wire.ts'

export interface HttpServer {
  readonly server: Server
  readonly address: AddressInfo
  /** Stops accepting, lets requests in flight end within the grace, then cuts what is left. */
  readonly drain: (graceMs: number) => Promise<void>
}

/** Serves `fetch` over HTTP/1.1, with every wait bounded and every early refusal in the error envelope. */
export async function listen(
  fetch: (request: Request, exchange: NodeExchange) => Response | Promise<Response>,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<HttpServer> {
  const answer = getRequestListener(
    (request, { incoming, outgoing }) =>
      // HTTP/1.1 alone is served here.
      fetch(request, {
        incoming: incoming as IncomingMessage,
        outgoing: outgoing as ServerResponse,
        upgrade: undefined,
      }),
    {
      errorHandler: () => envelopeResponse(400, 'bad_request', 'This is not a request that can be answered.'),
    },
  )
  const state = { draining: false, underway: new Set<ServerResponse>() }
  const server = createServer(
    {
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
      // A missing Host is refused by the listener below, in our own words.
      requireHostHeader: false,
    },
    (request, response) => {
      state.underway.add(response)
      response.once('close', () => state.underway.delete(response))
      if (state.draining) response.shouldKeepAlive = false
      if (countHosts(request) > 1) refuse(response, 400, 'bad_request', 'A request names one Host.')
      else answer(request, response)
    },
  )
  server.on('clientError', refuseOnSocket)
  server.on('checkExpectation', (_request, response) =>
    refuse(response, 417, 'expectation_failed', 'Only "Expect: 100-continue" can be met.'),
  )
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(port, host, done)
  })
  return {
    server,
    address: server.address() as AddressInfo,
    async drain(graceMs) {
      state.draining = true
      // Told with the answer that is on its way, so that no client sends its next request into a closed door.
      for (const response of state.underway) response.shouldKeepAlive = false
      const closed = new Promise<void>((done) => server.close(() => done()))
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}

/** RFC 9112 §3.2: a request with two is refused, since the next hop might believe the other one. */
function countHosts(request: IncomingMessage): number {
  return request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length
}

const parserRefusals: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'The request did not arrive in time.'],
}

/** Answers what Node's parser refused before there was a request. */
function refuseOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code, message] = parserRefusals[error.code ?? ''] ?? [
    400,
    'bad_request',
    'This is not well-formed HTTP/1.1.',
  ]
  const { body, headers } = envelope(code, message)
  const head = Object.entries({
    Date: new Date().toUTCString(),
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  })
  // Not kept half open for a peer that never closes its side.
  socket.once('finish', () => socket.destroySoon())
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const { body, headers } = envelope(code, message)
  response.writeHead(status, { ...headers, Connection: 'close' }).end(body)
}

function envelopeResponse(status: number, code: string, message: string): Response {
  const { body, headers } = envelope(code, message)
  return new Response(body, { status, headers })
}

function envelope(code: string, message: string) {
  const requestId = crypto.randomUUID()
  return {
    body: JSON.stringify({
      error: { code, message },
      meta: { timestamp: new Date().toISOString(), request_id: requestId },
    }),
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'X-Request-Id': requestId,
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
  }
}

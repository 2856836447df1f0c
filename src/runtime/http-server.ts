import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { refusal, refuse, refuseOnSocket } from './early-refusals.ts'
import type { NodeExchange } from './node-wire.ts'
import { asksForWebSocket, createUpgrades } from './upgrades.ts'

export interface HttpServer {
  readonly server: Server
  readonly address: AddressInfo
  /** Stops accepting, lets requests in flight end within the grace, then cuts what is left. */
  readonly drain: (graceMs: number) => Promise<void>
}

export interface ListenOptions {
  readonly port: number
  readonly host: string
}

/** Serves `fetch` over HTTP/1.1, with every wait bounded and every early refusal in the error envelope. */
export async function listen(
  fetch: (request: Request, exchange: NodeExchange) => Response | Promise<Response>,
  { port, host }: ListenOptions,
): Promise<HttpServer> {
  const upgrades = createUpgrades()
  const answer = getRequestListener(
    (request, { incoming, outgoing }) => {
      // HTTP/1.1 alone is served here.
      const http1 = { incoming: incoming as IncomingMessage, outgoing: outgoing as ServerResponse }
      return fetch(request, { ...http1, upgrade: upgrades.of(http1.incoming) })
    },
    { errorHandler: () => refusal(400, 'bad_request', 'This is not a request that can be answered.') },
  )
  const state = { draining: false, underway: new Set<ServerResponse>() }
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    state.underway.add(response)
    response.once('close', () => state.underway.delete(response))
    // What follows an offer that is not taken up is lost to Node's parser: nothing may be read after it.
    if (state.draining || request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    if (countHosts(request) > 1) refuse(response, 400, 'bad_request', 'A request names one Host.')
    else answer(request, response)
  }
  const isAnswering = (socket: Duplex) => [...state.underway].some(({ req }) => req.socket === socket)
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
      // Behind a request that is still being answered, the socket is not free to speak another protocol.
      shouldUpgradeCallback: (request) => asksForWebSocket(request) && !isAnswering(request.socket),
    },
    serve,
  )
  server.on('upgrade', (request, _socket, head) => {
    const { socket } = request
    const response = new ServerResponse(request)
    upgrades.take(request, { socket, head })
    // A socket that the app takes over closes without its response.
    socket.once('close', () => state.underway.delete(response))
    // A refused handshake is answered like any other request, and then the connection ends.
    response.once('finish', () => socket.destroySoon())
    response.assignSocket(socket)
    serve(request, response)
  })
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
      const cut = setTimeout(() => {
        server.closeAllConnections()
        upgrades.cut()
      }, graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}

/** RFC 9112 §3.2: a request with two is refused, since the next hop might believe the other one. */
function countHosts(request: IncomingMessage): number {
  return request.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length
}

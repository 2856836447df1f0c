import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { getRequestListener } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { refusal, refuse, refuseOnSocket, requestTimedOut } from './early-refusals.ts'
import { GatheredResponse, writeGathered } from './gathered-response.ts'
import type { NodeExchange } from './node-wire.ts'
import { createUnderway, type Underway } from './underway.ts'
import { asksForWebSocket, createUpgrades, type Upgrades } from './upgrades.ts'

// Where this module is loaded after node-server has put its own Response in the place of the platform's, the sign is of that
// kind, and of that kind it is overlooked. What was read of it once is the platform's.
void RESPONSE_ALREADY_SENT.body

/** How often the server looks for heads and bodies that do not come. */
const CHECK_INTERVAL_MS = 5_000

/** How long a client that has its answer may go on with a body that nobody reads: long enough to see the answer. */
const LINGER_MS = 1_000

export interface HttpServer {
  readonly server: Server
  readonly address: AddressInfo
  /** From now on each answer closes its connection, and the next call goes elsewhere; what comes is still served. */
  readonly letGo: () => void
  /** Stops accepting, lets requests in flight end within the grace, then cuts what is left. */
  readonly drain: (graceMs: number) => Promise<void>
}

export interface ListenOptions {
  readonly port: number
  readonly host: string
  /** How long the body of a request of our own may take; what streams to an upstream has no such limit. */
  readonly bodyTimeoutMs?: number | undefined
}

/** Serves `fetch` over HTTP/1.1, with every wait bounded and every early refusal in the error envelope. */
export async function listen(
  fetch: (request: Request, exchange: NodeExchange) => Response | Promise<Response>,
  { port, host, bodyTimeoutMs = 60_000 }: ListenOptions,
): Promise<HttpServer> {
  const upgrades = createUpgrades()
  const answer = getRequestListener(
    async (request, { incoming, outgoing }) => {
      // HTTP/1.1 alone is served here.
      const http1 = { incoming: incoming as IncomingMessage, outgoing: outgoing as ServerResponse }
      const response = await fetch(request, new Http1Exchange(http1, { upgrades, underway }))
      // What was written past the app stays so, whatever the app made of the sign for it: a HEAD's answer is copied.
      return http1.outgoing.headersSent ? RESPONSE_ALREADY_SENT : response
    },
    { errorHandler: () => refusal(400, 'bad_request', 'This is not a request that can be answered.') },
  )
  const state = { draining: false }
  const underway = createUnderway()
  const refused = new WeakSet<Socket>()
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    // Node reads on behind an answer that closes the connection: what it finds there may never have been a request.
    if (refused.has(request.socket)) return
    underway.add(response)
    response.on('close', settle)
    // What follows an offer that is not taken up is lost to Node's parser: nothing may be read after it.
    if (state.draining || request.headers.upgrade !== undefined) response.shouldKeepAlive = false
    const problem = problemOf(request)
    if (problem === undefined) {
      answer(request, response)
      return
    }
    refused.add(request.socket)
    refuse(response, 400, 'bad_request', problem)
  }
  // One for all calls: it is their own `this`.
  function settle(this: ServerResponse) {
    underway.remove(this)
    const request = this.req
    if (!request.complete && upgrades.of(request) === undefined)
      setTimeout(endUnread, LINGER_MS, request).unref()
  }
  const refuseLate = (error: NodeJS.ErrnoException, socket: Socket) => {
    writeGathered()
    // In the middle of an answer another one would be taken for a part of it.
    if (underway.on(socket) === 'answering') socket.destroy()
    else refuseOnSocket(error, socket)
  }
  const server = createServer(
    {
      ServerResponse: GatheredResponse,
      headersTimeout: 15_000,
      // A limit on the whole would end every long upload: bodies are timed below.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: 16 * 1024,
      noDelay: true,
      // Two of one name are one list (RFC 9110 §5.3) and never the first of them alone.
      joinDuplicateHeaders: true,
      // A missing Host is refused by the listener below, in our own words.
      requireHostHeader: false,
      // Behind a request that is still being answered, the socket is not free to speak another protocol.
      shouldUpgradeCallback: (request) =>
        asksForWebSocket(request) && underway.on(request.socket) === 'nothing',
    },
    serve,
  )
  // Before Node hears it: a client that sends no more is answered with what there is, and then no more.
  server.on('connection', (socket) => socket.prependListener('end', writeGathered))
  server.on('upgrade', (request, _socket, head) => {
    const { socket } = request
    const response = new ServerResponse(request)
    upgrades.take(request, { socket, head })
    // A socket that the app takes over closes without its response.
    socket.once('close', () => underway.remove(response))
    // A refused handshake is answered like any other request, and then the connection ends.
    response.once('finish', () => socket.destroySoon())
    response.assignSocket(socket)
    serve(request, response)
  })
  const bodyCheck = setInterval(
    () => {
      for (const { socket } of underway.overdue(bodyTimeoutMs)) refuseLate(requestTimedOut, socket)
    },
    Math.min(CHECK_INTERVAL_MS, bodyTimeoutMs),
  ).unref()
  server.on('close', () => clearInterval(bodyCheck))
  server.on('clientError', refuseLate)
  server.on('checkContinue', (request, response) => {
    const { shouldKeepAlive } = response
    // RFC 9110 §10.1.1: refused without having been asked for, a body may or may not follow. Nothing is read after it.
    response.shouldKeepAlive = false
    // Whoever wants the body lets it flow: only then is the client asked for it.
    request.once('resume', () => {
      if (response.headersSent) return
      response.shouldKeepAlive = shouldKeepAlive && !state.draining
      response.writeContinue()
    })
    serve(request, response)
  })
  server.on('checkExpectation', (_request, response) =>
    refuse(response, 417, 'expectation_failed', 'Only "Expect: 100-continue" can be met.'),
  )
  await new Promise<void>((done, failed) => {
    server.once('error', failed)
    server.listen(port, host, done)
  })
  const letGo = () => {
    state.draining = true
    // Told with the answer that is on its way, so that no client sends its next request into a closed door.
    for (const response of underway.all()) response.shouldKeepAlive = false
  }
  return {
    server,
    address: server.address() as AddressInfo,
    letGo,
    async drain(graceMs) {
      letGo()
      const closed = new Promise<void>((done) => server.close(() => done()))
      // What has ended by now is written at the end of this turn, and its connection is idle only then.
      await setImmediate()
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

/** A class, as is all that comes with each call: closures of its own are what the collector is slow at. */
class Http1Exchange implements NodeExchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly upgrade: NodeExchange['upgrade']
  readonly #underway: Underway

  constructor(
    { incoming, outgoing }: Pick<NodeExchange, 'incoming' | 'outgoing'>,
    { upgrades, underway }: { readonly upgrades: Upgrades; readonly underway: Underway },
  ) {
    this.incoming = incoming
    this.outgoing = outgoing
    this.upgrade = upgrades.of(incoming)
    this.#underway = underway
  }

  pacesBody() {
    this.#underway.exempt(this.outgoing)
  }
}

function endUnread(request: IncomingMessage): void {
  if (!request.complete) request.socket.destroy()
}

/** What two hops could read in two ways (RFC 9112 §3.2, §6.1). */
function problemOf({ rawHeaders, headers, httpVersion }: IncomingMessage): string | undefined {
  if (namesHostTwice(rawHeaders)) return 'A request names one Host.'
  const coding = headers['transfer-encoding']
  // A coding below the chunks would be lost on the next hop. HTTP/1.0 has no chunks: who came before took them for more.
  const isPlain = coding === undefined || (coding.toLowerCase() === 'chunked' && httpVersion !== '1.0')
  return isPlain ? undefined : 'A body comes in plain chunks or with its length.'
}

function namesHostTwice(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
}

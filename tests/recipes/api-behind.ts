import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { WebSocketServer } from 'ws'
import { listenSomewhere } from '../support/listen-somewhere.ts'

/** A call as it reached the API. */
export interface ReachedCall {
  readonly method: string
  /** The request target, untouched. */
  readonly target: string
  /** Name in lower case and value, as they came. */
  readonly fields: readonly (readonly [string, string])[]
  readonly bodyBytes: number
}

export interface ApiBehind {
  readonly port: number
  /** Emptied by the tests. */
  readonly calls: ReachedCall[]
  /** Sends one event on every stream that is open. */
  readonly sendEvent: (text: string) => void
  readonly close: () => Promise<void>
}

/** The API that the proxies forward to: it takes every call, and writes down how it came. */
export async function startApiBehind(): Promise<ApiBehind> {
  const calls: ReachedCall[] = []
  const streams = new Set<ServerResponse>()
  const record = ({ method, url, rawHeaders }: IncomingMessage, bodyBytes: number) => {
    const fields = rawHeaders.flatMap((name, index) =>
      index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1] ?? ''] as const] : [],
    )
    calls.push({ method: method!, target: url!, fields, bodyBytes })
  }
  const server = createServer(async (request, response) => {
    let bodyBytes = 0
    for await (const chunk of request) bodyBytes += chunk.length
    record(request, bodyBytes)
    if (request.url !== '/events') {
      // A refusal of its own is the last segment of the path, as /public/403.
      const [, own] = /\/(40\d)$/.exec(request.url!) ?? []
      response.writeHead(own === undefined ? 200 : Number(own)).end('the API')
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders()
    streams.add(response)
    response.on('close', () => streams.delete(response))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, request) => {
    record(request, 0)
    socket.on('message', (data) => socket.send(`heard ${data}`))
  })
  const { port, close } = await listenSomewhere(server)
  return {
    port,
    calls,
    sendEvent(text) {
      for (const stream of streams) stream.write(`data: ${text}\n\n`)
    },
    close,
  }
}

import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'

const parserRefusals: Readonly<Record<string, readonly [number, string, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'headers_too_large', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'The request did not arrive in time.'],
}

/** What Node reports of a head that did not come in time, said of a body. */
export const requestTimedOut = Object.assign(new Error('The body did not come.'), {
  code: 'ERR_HTTP_REQUEST_TIMEOUT',
})

/** Answers what Node's parser refused before there was a request. */
export function refuseOnSocket(error: NodeJS.ErrnoException, socket: Socket): void {
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

/** Answers at once and closes, before the app has seen anything. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const { body, headers } = envelope(code, message)
  response.writeHead(status, { ...headers, Connection: 'close' }).end(body)
}

/** The same, as the answer of a listener. */
export function refusal(status: number, code: string, message: string): Response {
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

// A chat: one room a path, and every message told to all who are in the room. Who speaks is what the gateway says.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { createRooms } from './rooms.js'

const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')
const pageHeaders = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': [
    "default-src 'none'",
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
}

const rooms = createRooms()
const sockets = new WebSocketServer({
  noServer: true,
  maxPayload: 16 * 1024,
  // This chat speaks no subprotocol; the gateway answers the browser's offer of `guichet`.
  handleProtocols: () => false,
})

const server = createServer((request, response) => {
  if (request.url !== '/') response.writeHead(404).end()
  else response.writeHead(200, pageHeaders).end(page)
})

server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => {})
  const room = /^\/chat\/([\w-]{1,40})$/.exec(request.url ?? '')?.[1]
  const identity = readIdentity(request)
  if (room === undefined) refuse(socket, '404 Not Found', 'A room is 1 to 40 letters, digits, - and _.\n')
  else if (identity === undefined)
    refuse(socket, '403 Forbidden', 'This chat is reached through its gateway alone.\n')
  else
    sockets.handleUpgrade(request, socket, head, (opened) => {
      rooms.enter(room, opened, identity)
    })
})

// The loopback alone: whoever could reach this port could write the gateway's fields and be anybody.
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () => {
  process.stdout.write(`The chat listens on http://127.0.0.1:${server.address().port}\n`)
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    rooms.close()
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}

/**
 * Who calls, in the gateway's words. It sends these fields with each request that it lets through, and strips what a
 * client writes in them; a request without them came past it.
 *
 * @param {import('node:http').IncomingMessage} request
 * @returns {import('./rooms.js').Identity | undefined}
 */
function readIdentity({ headers }) {
  const subject = headers['x-auth-subject']
  const client = headers['x-auth-client']
  const scope = headers['x-auth-scope']
  if (!subject || !client || scope === undefined) return undefined
  return { subject: String(subject), client: String(client), permissions: String(scope).split(' ') }
}

/**
 * Answers a handshake that is not met.
 *
 * @param {import('node:stream').Duplex} socket
 * @param {string} status
 * @param {string} text
 */
function refuse(socket, status, text) {
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  )
}

/**
 * The one script or style that the page holds, by its hash: no other will run.
 *
 * @param {'script' | 'style'} element
 */
function hashOf(element) {
  const text = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(page)?.[1] ?? ''
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

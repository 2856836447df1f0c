import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { FieldList, SocketCall, UpstreamOutcome } from '../../http/wire.ts'
import { CLOSE_TIMEOUT_MS } from './websocket-close.ts'

/** A request to become a WebSocket: its two halves and its bare socket. */
export interface UpgradeExchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer }
}

const keyPattern = /^[+/0-9A-Za-z]{22}==$/
const tokenPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Refuses what is no handshake (RFC 6455 §4.2.1), before an upstream hears of it. */
export function declineHandshake({ method, headers }: IncomingMessage): UpstreamOutcome | undefined {
  const offered = headers['sec-websocket-protocol']?.split(',').map((text) => text.trim()) ?? []
  const isWellFormed =
    method === 'GET' &&
    headers['sec-websocket-version'] === '13' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    keyPattern.test(headers['sec-websocket-key'] ?? '') &&
    offered.every((name) => tokenPattern.test(name)) &&
    new Set(offered).size === offered.length
  if (isWellFormed) return undefined
  return { kind: 'declined', status: 400, fields: ['Sec-WebSocket-Version', '13'], body: new Uint8Array() }
}

/** Answers the client's handshake with 101 (RFC 6455 §4.2.2); undefined when the client has gone. */
export function acceptClient(
  { incoming, outgoing, upgrade: { socket, head } }: UpgradeExchange,
  { call, protocol }: { readonly call: SocketCall; readonly protocol: string | undefined },
): WebSocket | undefined {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // None of the client's extensions is taken: messages pass as they are.
    perMessageDeflate: false,
    maxPayload: call.messageMaxBytes,
    handleProtocols: () => protocol ?? false,
    ...{ closeTimeout: CLOSE_TIMEOUT_MS },
  })
  server.on('headers', (lines) => lines.push(...fieldLines(call.answerFields)))
  // Node's own hold on the socket ends here. A server of HTTP/1.1 has sockets of `net` alone.
  outgoing.detachSocket(socket as Socket)
  const accepted: WebSocket[] = []
  server.handleUpgrade(incoming, socket, head, (client) => accepted.push(client))
  return accepted[0]
}

function fieldLines(fields: FieldList): readonly string[] {
  return fields.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${fields[index + 1] ?? ''}`] : []))
}

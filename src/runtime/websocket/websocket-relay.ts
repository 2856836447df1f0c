import type { Socket } from 'node:net'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { SocketCall, UpstreamOutcome } from '../../http/wire.ts'
import { carryMessages } from './carry-messages.ts'
import { acceptClient, declineHandshake, type UpgradeExchange } from './websocket-client.ts'
import { openUpstreamSocket, TCP_KEEP_ALIVE_MS } from './websocket-upstream.ts'

/**
 * Opens a WebSocket to the upstream, then the client's (RFC 6455 §4), and resolves when messages can pass; they are
 * carried until either end closes. An upstream that would not open leaves the client's socket untouched, to be answered.
 */
export async function relaySocket(exchange: UpgradeExchange, call: SocketCall): Promise<UpstreamOutcome> {
  const declined = declineHandshake(exchange.incoming)
  if (declined !== undefined) return declined
  // A server of HTTP/1.1 has sockets of `net` alone.
  const clientStream = exchange.upgrade.socket as Socket
  const clientGone = new AbortController()
  const onGone = () => clientGone.abort()
  for (const event of ['end', 'close', 'error']) clientStream.on(event, onGone)
  const upstream = await openUpstreamSocket(call, clientGone.signal)
  if (upstream.kind !== 'open') {
    // The listener of errors stays: the answer is still to be written to that socket.
    for (const event of ['end', 'close']) clientStream.off(event, onGone)
    return upstream
  }
  const client = clientGone.signal.aborted
    ? undefined
    : acceptClient(exchange, { call, protocol: upstream.protocol ?? call.fallbackProtocol })
  for (const event of ['end', 'close', 'error']) clientStream.off(event, onGone)
  if (client === undefined) {
    upstream.socket.terminate()
    return { kind: 'failed', fault: 'client_gone', detail: 'before its handshake was answered' }
  }
  clientStream.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
  carryMessages(
    {
      client: { socket: client, stream: clientStream },
      upstream: { socket: upstream.socket, stream: upstream.stream },
    },
    { idleMs: call.timeouts.idleMs, onStream: call.onStream },
  )
  return { kind: 'answered', status: 101, response: RESPONSE_ALREADY_SENT, complete: true }
}

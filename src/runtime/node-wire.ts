import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Wire } from '../http/wire.ts'
import { addresses, canonicalAddress } from './addresses.ts'
import { sendUpstream } from './upstream/send-upstream.ts'
import type { UpstreamPools } from './upstream/upstream-pools.ts'
import { relaySocket } from './websocket/websocket-relay.ts'

/** One request on Node: its two halves, and the bare socket where it asks for another protocol. */
export interface NodeExchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Set when the request came as an upgrade to WebSocket. */
  readonly upgrade: { readonly socket: Duplex; readonly head: Buffer } | undefined
  /** Takes the body out of the server's limit on the whole: whoever calls it minds the pace of what it reads. */
  readonly pacesBody: () => void
}

/** The wire of one request on Node. */
export function nodeWire(
  exchange: NodeExchange,
  { pools, trustedProxies }: { readonly pools: UpstreamPools; readonly trustedProxies: readonly string[] },
): Wire {
  const { incoming, outgoing, upgrade } = exchange
  // Asked of every request is only the target.
  return {
    target: incoming.url ?? '/',
    scheme: 'http',
    fields: incoming.rawHeaders,
    get peer() {
      return canonicalAddress(incoming.socket.remoteAddress ?? '')
    },
    get peerIsTrusted() {
      const peer = canonicalAddress(incoming.socket.remoteAddress ?? '')
      return peer !== undefined && addresses.within(peer, trustedProxies)
    },
    send: (call) => sendUpstream(pools, exchange, call),
    connect: upgrade === undefined ? undefined : (call) => relaySocket({ incoming, outgoing, upgrade }, call),
  }
}

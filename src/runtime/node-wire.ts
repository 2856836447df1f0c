import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { SocketCall, UpstreamCall, Wire } from '../http/wire.ts'
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
export function nodeWire(exchange: NodeExchange, around: Around): Wire {
  return new NodeWire(exchange, around)
}

interface Around {
  readonly pools: UpstreamPools
  readonly trustedProxies: readonly string[]
}

/**
 * A class, since getters on a literal give each object a shape of its own: with one for each request, the collector had
 * a sixth of the processor.
 */
class NodeWire implements Wire {
  readonly #exchange: NodeExchange
  readonly #around: Around
  readonly scheme = 'http'

  constructor(exchange: NodeExchange, around: Around) {
    this.#exchange = exchange
    this.#around = around
  }

  get target() {
    return this.#exchange.incoming.url ?? '/'
  }

  get fields() {
    return this.#exchange.incoming.rawHeaders
  }

  get peer() {
    return canonicalAddress(this.#exchange.incoming.socket.remoteAddress ?? '')
  }

  get peerIsTrusted() {
    const { peer } = this
    return peer !== undefined && addresses.within(peer, this.#around.trustedProxies)
  }

  get connect() {
    const { incoming, outgoing, upgrade } = this.#exchange
    if (upgrade === undefined) return undefined
    return (call: SocketCall) => relaySocket({ incoming, outgoing, upgrade }, call)
  }

  send(call: UpstreamCall) {
    return sendUpstream(this.#around.pools, this.#exchange, call)
  }
}

import type { GatewayBindings } from '../http/gateway-env.ts'
import type { Wire } from '../http/wire.ts'
import { clientAddress } from './addresses.ts'
import { type NodeExchange, nodeWire } from './node-wire.ts'
import type { UpstreamPools } from './upstream/upstream-pools.ts'

/** What is the same for every call. */
interface Around extends Pick<GatewayBindings, 'service' | 'log' | 'traces'> {
  readonly pools: UpstreamPools
  readonly trustedProxies: readonly string[]
  /** True from the moment the process was asked to stop. */
  readonly isDraining: () => boolean
}

/** What Node hands in with one call. A class, for the sake of the collector. */
export class NodeCall implements GatewayBindings {
  readonly service: GatewayBindings['service']
  readonly log: GatewayBindings['log']
  readonly traces: GatewayBindings['traces']
  readonly #around: Around
  readonly #exchange: NodeExchange
  #wire: Wire | undefined

  constructor(around: Around, exchange: NodeExchange) {
    this.service = around.service
    this.log = around.log
    this.traces = around.traces
    this.#around = around
    this.#exchange = exchange
  }

  get draining() {
    return this.#around.isDraining()
  }

  addressOf(forwardedFor: string | undefined) {
    const { remoteAddress } = this.#exchange.incoming.socket
    return clientAddress(remoteAddress, forwardedFor, this.#around.trustedProxies)
  }

  header(name: string) {
    // A list it is for Set-Cookie alone, which no request of ours is asked for.
    return this.#exchange.incoming.headers[name] as string | undefined
  }

  wire() {
    this.#wire ??= nodeWire(this.#exchange, this.#around)
    return this.#wire
  }
}

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { NodeExchange } from './node-wire.ts'

/** The sockets that asked to become WebSockets: the server itself no longer counts them. */
export interface Upgrades {
  readonly take: (
    request: IncomingMessage,
    upgrade: { readonly socket: Socket; readonly head: Buffer },
  ) => void
  readonly of: (request: IncomingMessage) => NodeExchange['upgrade']
  /** Destroys all that are still open. */
  readonly cut: () => void
}

export function createUpgrades(): Upgrades {
  const byRequest = new WeakMap<IncomingMessage, NodeExchange['upgrade']>()
  const open = new Set<Socket>()
  return {
    take(request, upgrade) {
      byRequest.set(request, upgrade)
      open.add(upgrade.socket)
      upgrade.socket.once('close', () => open.delete(upgrade.socket))
      // Node has let go of the socket: a reset that nobody hears would end the process.
      upgrade.socket.on('error', () => {})
    },
    of: (request) => byRequest.get(request),
    cut() {
      for (const socket of open) socket.destroy()
    },
  }
}

/** RFC 6455 §4.1. Any other offer of `Upgrade` is ignored, as RFC 9110 §7.8 allows: an ordinary request then. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    // Node would take the body for the first bytes of the other protocol.
    headers['transfer-encoding'] === undefined &&
    Number(headers['content-length'] ?? 0) === 0
  )
}

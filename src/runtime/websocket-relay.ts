import type { SocketCall, UpstreamOutcome } from '../http/wire.ts'
import type { NodeExchange } from './node-wire.ts'

/** Opens a WebSocket to the upstream, then the client's, and carries messages between them until either ends. */
export async function relaySocket(_exchange: NodeExchange, _call: SocketCall): Promise<UpstreamOutcome> {
  throw new Error('There is no way to an upstream yet.')
}

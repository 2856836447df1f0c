import type { Wire } from '../../http/wire.ts'
import { addresses, canonicalAddress } from '../addresses.ts'
import type { WorkerSurroundings } from './worker-fetch.ts'
import { sendByFetch } from './worker-send.ts'
import { connectByFetch } from './worker-socket.ts'

/** The wire of one request on Workers, where the platform has read and tidied the head already. */
export function workerWire(request: Request, surroundings: WorkerSurroundings): Wire {
  const url = new URL(request.url)
  const peer = canonicalAddress(surroundings.peer ?? '')
  const asksForWebSocket = request.headers.get('upgrade')?.toLowerCase() === 'websocket'
  return {
    target: url.pathname + url.search,
    scheme: url.protocol === 'http:' ? 'http' : 'https',
    fields: [...request.headers].flat(),
    peer,
    peerIsTrusted: peer !== undefined && addresses.within(peer, surroundings.trustedProxies),
    send: (call) => sendByFetch(request, call, surroundings),
    connect: asksForWebSocket ? (call) => connectByFetch(call, surroundings) : undefined,
  }
}

import type { UpstreamCall, UpstreamOutcome, Wire } from '../http/wire.ts'
import { addresses, canonicalAddress } from './addresses.ts'

/** The wire of one request on Workers, where the platform has read and tidied the head already. */
export function workerWire(
  request: Request,
  {
    peer: from,
    trustedProxies,
  }: { readonly peer: string | undefined; readonly trustedProxies: readonly string[] },
): Wire {
  const url = new URL(request.url)
  const peer = canonicalAddress(from ?? '')
  return {
    target: url.pathname + url.search,
    scheme: url.protocol === 'http:' ? 'http' : 'https',
    fields: [...request.headers].flat(),
    peer,
    peerIsTrusted: peer !== undefined && addresses.within(peer, trustedProxies),
    hasBody: request.body !== null,
    send: (call) => sendByFetch(request, call),
    connect: undefined,
  }
}

/** Carries a call to its upstream by the platform's fetch. */
export async function sendByFetch(_request: Request, _call: UpstreamCall): Promise<UpstreamOutcome> {
  throw new Error('There is no way to an upstream yet.')
}

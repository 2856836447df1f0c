import type { Eventually } from '../../core/eventually.ts'
import type { UpstreamCall, UpstreamFault, UpstreamOutcome } from '../../http/wire.ts'
import type { NodeExchange } from '../node-wire.ts'
import { requestFields } from './request-fields.ts'
import { Transfer, type TransferEnd } from './transfer.ts'
import type { UpstreamPools } from './upstream-pools.ts'

/**
 * Carries a call to its upstream and writes the answer straight to Node's own response. Resolves when the client has
 * the whole of it, or when that can no longer be.
 */
export async function sendUpstream(
  pools: UpstreamPools,
  exchange: NodeExchange,
  call: UpstreamCall,
): Promise<UpstreamOutcome> {
  const { address, timeouts, bodyMaxBytes } = call
  const { headers } = exchange.incoming
  if (address.kind !== 'origin') return failed('unreachable', 'a service binding is a thing of Workers')
  const declaredBytes = Number(headers['content-length'] ?? 0)
  if (declaredBytes > bodyMaxBytes) return failed('body_too_large', 'declared')
  const fields = requestFields(call, exchange.incoming)
  if (fields === undefined) return failed('broken', 'no request that can be spelled')
  const hasBody = headers['transfer-encoding'] !== undefined || declaredBytes > 0
  if (hasBody) exchange.pacesBody()
  const pool = pools.to(address.origin, timeouts.connectMs)
  const attempt = (): Eventually<TransferEnd> => {
    if (exchange.outgoing.destroyed) return failed('client_gone', 'before the call')
    if (!pool.enter()) return failed('busy', 'too many calls under way')
    return new Transfer(exchange, call, { pool, hasBody }).run(fields)
  }

  const first = await attempt()
  if (first.kind !== 'lost') return first
  // RFC 9110 §9.2.2: what is not idempotent may have been done already.
  const second = call.isIdempotent ? await attempt() : first
  return second.kind === 'lost' ? failed(second.fault, second.detail) : second
}

function failed(fault: UpstreamFault, detail: string) {
  return { kind: 'failed', fault, detail } as const
}

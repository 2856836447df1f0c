import type { Refusal } from '../http/refusal.ts'
import type { UpstreamFault } from '../http/wire.ts'
import type { RouteRule } from './rules.ts'

/** What the client of a failed call is told; undefined when it has gone. */
export function refusalOfFault(
  { fault, detail }: { readonly fault: UpstreamFault; readonly detail: string },
  rule: RouteRule,
): Refusal | undefined {
  return spellings[fault](detail, rule)
}

const spellings: Readonly<Record<UpstreamFault, (detail: string, rule: RouteRule) => Refusal | undefined>> = {
  unreachable: (detail) => ({ reason: 'upstream_unreachable', detail }),
  busy: () => ({ reason: 'upstream_unavailable', retryAfterSeconds: 1 }),
  first_byte_timeout: (detail) => ({ reason: 'upstream_timeout', detail }),
  idle_timeout: () => ({ reason: 'request_stalled' }),
  broken: (detail) => ({ reason: 'upstream_failed', detail }),
  body_too_large: (_detail, { bodyMaxBytes }) => ({ reason: 'body_too_large', maxBytes: bodyMaxBytes }),
  client_gone: () => undefined,
}

import { callerOf } from '../http/caller.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import type { FieldList, Lease, UpstreamAddress, Wire } from '../http/wire.ts'
import type { AllowedCall } from './decide.ts'
import type { LiveStreams } from './live-streams.ts'
import type { Matcher } from './match.ts'
import { requestFields } from './request-fields.ts'
import type { Upstream } from './rules.ts'
import type { Target } from './target.ts'
import { hostOfAddress, type Upstreams } from './upstreams.ts'

/** What the proxy works with. */
export interface ProxyParts {
  readonly matcher: () => Matcher
  readonly upstreams: Upstreams
  readonly streams: LiveStreams
}

/** A call that may go to its upstream. */
export interface ProxiedCall extends AllowedCall {
  readonly upstream: Upstream
  readonly target: Target
  readonly wire: Wire
  readonly identityToken: string | undefined
}

/** The head of the call as the upstream at this address gets it. */
export function fieldsFor(
  c: GatewayContext,
  { wire, rule, principal, identityToken }: ProxiedCall,
  address: UpstreamAddress,
): FieldList {
  return requestFields(wire, {
    rule,
    identity: principal,
    identityToken,
    requestId: c.get('requestId'),
    trace: c.get('trace'),
    clientAddress: callerOf(c).address,
    upstreamHost: hostOfAddress(address),
  })
}

/** What holds a stream of this call to its credential, or, where it has none or may outlive it, to this process. */
export function leaseOf({ streams }: ProxyParts, { rule, principal }: ProxiedCall): Lease {
  return streams.leaseFor(rule.streamsOutliveToken ? undefined : principal)
}

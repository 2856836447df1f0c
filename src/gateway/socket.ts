import type { GatewayContext } from '../http/gateway-env.ts'
import type { UpstreamAddress, UpstreamOutcome, Wire } from '../http/wire.ts'
import { markerProtocol, readProtocols } from './credential.ts'
import { ownAnswerFields } from './own-fields.ts'
import { fieldsFor, leaseOf, type ProxiedCall, type ProxyParts } from './proxied-call.ts'
import { upstreamTarget } from './target.ts'

/** Opens a WebSocket for a call that was admitted, without the credential that came among its subprotocols. */
export function connectSocket(
  c: GatewayContext,
  {
    parts,
    call,
    address,
    connect,
  }: {
    readonly parts: ProxyParts
    readonly call: ProxiedCall
    readonly address: UpstreamAddress
    readonly connect: NonNullable<Wire['connect']>
  },
): Promise<UpstreamOutcome> {
  const { rule, upstream, target } = call
  const { offered, isMarked } = readProtocols(c.env.header('sec-websocket-protocol'))
  return connect({
    address,
    target: upstreamTarget(target, rule, upstream),
    fields: fieldsFor(c, call, address),
    protocols: offered,
    fallbackProtocol: isMarked ? markerProtocol : undefined,
    timeouts: rule.timeouts,
    messageMaxBytes: rule.messageMaxBytes,
    answerFields: ownAnswerFields(c, call),
    onStream: leaseOf(parts, call),
  })
}

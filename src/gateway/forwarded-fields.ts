import type { Wire } from '../http/wire.ts'
import { fieldValue } from './hop-by-hop.ts'
import type { ForwardedCall } from './request-fields.ts'

/**
 * Where a call comes from, for upstreams: `Forwarded` (RFC 7239) and its older kin, written from the socket. What came
 * before is kept only when the peer is one of the operator's proxies.
 */
export function forwardedFields(
  { fields, peer, peerIsTrusted, scheme }: Pick<Wire, 'fields' | 'peer' | 'peerIsTrusted' | 'scheme'>,
  { clientAddress, rule }: Pick<ForwardedCall, 'clientAddress' | 'rule'>,
): readonly (readonly [string, string])[] {
  const told = (name: string) => (peerIsTrusted ? fieldValue(fields, name) : undefined)
  const host = told('x-forwarded-host') ?? fieldValue(fields, 'host') ?? ''
  const proto = told('x-forwarded-proto') ?? scheme
  const by = peer ?? 'unknown'
  const chain = told('x-forwarded-for')
  const before = told('forwarded')
  const hop = [
    `for=${nodeName(by)}`,
    ...(host === '' ? [] : [`host="${quoted(host)}"`]),
    `proto=${scheme}`,
  ].join(';')
  return [
    ['X-Forwarded-For', chain === undefined ? by : `${chain}, ${by}`],
    ['X-Forwarded-Proto', proto],
    ['X-Forwarded-Host', host],
    ['X-Forwarded-Port', told('x-forwarded-port') ?? portOf(host, proto)],
    ['Forwarded', before === undefined ? hop : `${before}, ${hop}`],
    ['X-Real-IP', clientAddress ?? by],
    ...(rule.stripPrefix === '' ? [] : [['X-Forwarded-Prefix', rule.stripPrefix] as const]),
  ]
}

/** RFC 7239 §6: an IPv6 address stands in brackets and quotes. */
function nodeName(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address
}

function quoted(text: string): string {
  return text.replace(/["\\]/g, '')
}

function portOf(host: string, proto: string): string {
  return /:(\d+)$/.exec(host)?.[1] ?? (proto === 'https' ? '443' : '80')
}

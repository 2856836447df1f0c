import type { Identity } from '../http/behind.ts'
import { parseTraceContext, type TraceContext, traceNames } from '../http/trace-context.ts'
import type { FieldList, Wire } from '../http/wire.ts'
import { originNames, plainName } from './forbidden-fields.ts'
import { forwardedFields } from './forwarded-fields.ts'
import { endToEnd, fieldValue } from './hop-by-hop.ts'
import { identityFields, identityNames } from './identity-fields.ts'
import type { RouteRule } from './rules.ts'

/** The gateway's name among proxies (RFC 9110 §7.6.3). */
export const viaValue = '1.1 guichet'

const credentialNames: ReadonlySet<string> = new Set(['authorization', 'x-api-key'])
const judgedNames: ReadonlySet<string> = new Set([...credentialNames, 'content-length'])

export interface ForwardedCall {
  readonly rule: RouteRule
  readonly identity: Identity | undefined
  readonly requestId: string
  /** The client's own address, as far as it can be vouched for. */
  readonly clientAddress: string | undefined
  /** What `Host` the upstream is to see; undefined where its platform decides. */
  readonly upstreamHost: string | undefined
  /** The short JWT that tells who calls. */
  readonly identityToken: string | undefined
  /** Where this call stands in our own trace; undefined where we keep none, and the client's is passed on. */
  readonly trace?: TraceContext | undefined
}

/**
 * The fields that an upstream gets: what the client sent, less what belongs to this hop, less its credential and all
 * that it claims to be or to come from, in any spelling; then our own, so that nothing it lists can take them away.
 */
export function requestFields(
  wire: Pick<Wire, 'fields' | 'peer' | 'peerIsTrusted' | 'scheme'>,
  call: ForwardedCall,
): FieldList {
  const { rule } = call
  const replaced = new Set(Object.keys(rule.requestFields.set).map(plainName))
  const identityToken = replaced.has('authorization') ? undefined : call.identityToken
  // Two would be two answers to the question of who calls.
  if (identityToken !== undefined) replaced.add('authorization')
  let claimsTrace = false
  const fields = endToEnd(wire.fields, (plain, name) => {
    if (traceNames.has(plain)) {
      claimsTrace = true
      return true
    }
    if (plain === 'host' || plain === 'via' || plain === 'expect' || plain.startsWith('x-forwarded-'))
      return true
    // In another spelling it was never looked at here, and may be all that is looked at there.
    if (judgedNames.has(plain) && name.toLowerCase() !== plain) return true
    if (credentialNames.has(plain) && !rule.passesCredential) return true
    if (originNames.has(plain) || identityNames.has(plain) || plain.startsWith('sec-websocket-')) return true
    return replaced.has(plain) || rule.requestFields.remove.includes(plain)
  })
  const host = rule.preservesHost ? fieldValue(wire.fields, 'host') : call.upstreamHost
  const via = fieldValue(wire.fields, 'via')
  if (host !== undefined) fields.push('Host', host)
  fields.push('Via', via === undefined ? viaValue : `${via}, ${viaValue}`)
  for (const [name, value] of forwardedFields(wire, call)) fields.push(name, value)
  const identity = identityFields(call.identity, call.requestId)
  for (const [name, value] of Object.entries(identity)) fields.push(name, value)
  if (identityToken !== undefined) fields.push('Authorization', `Bearer ${identityToken}`)
  const trace = call.trace ?? (claimsTrace ? claimedTrace(wire.fields) : undefined)
  for (const [name, value] of Object.entries(trace ?? {})) {
    if (value !== undefined && !replaced.has(name) && !rule.requestFields.remove.includes(name))
      fields.push(name, value)
  }
  for (const [name, value] of Object.entries(rule.requestFields.set)) fields.push(name, value)
  return fields
}

function claimedTrace(fields: FieldList): TraceContext | undefined {
  return parseTraceContext(fieldValue(fields, 'traceparent'), fieldValue(fields, 'tracestate'))
}

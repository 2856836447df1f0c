import type { BehindHandler, BehindSpelling } from '../http/behind.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import type { UpstreamOutcome } from '../http/wire.ts'
import { answerFields } from './answer-fields.ts'
import { decide } from './decide.ts'
import { refusalOfFault } from './faults.ts'
import { ownAnswerFields } from './own-fields.ts'
import { fieldsFor, leaseOf, type ProxiedCall, type ProxyParts } from './proxied-call.ts'
import { connectSocket } from './socket.ts'
import { hostOf, parseTarget, upstreamTarget } from './target.ts'
import { addressName, type Choice } from './upstreams.ts'

/** Proxies a call: which path, which rule, who calls, and only then the upstream. */
export function createProxy(parts: ProxyParts): BehindHandler {
  return async (c, spell) => {
    const wire = c.env.wire()
    const host = hostOf(wire)
    const target = parseTarget(wire.target, c.env.header('host'))
    if (!target.ok) return spell.refuse(c, { reason: 'path_refused', problem: target.failure })
    const place = { method: c.req.method, host, path: target.value.matched }
    const decided = await decide(c, parts.matcher(), place)
    if (!decided.ok) return spell.refuse(c, decided.failure)
    const { rule, principal } = decided.value
    if (rule.upstream === undefined) return spell.refuse(c, { reason: 'route_unknown' })
    c.set('upstream', rule.upstream.name)
    const call: ProxiedCall = {
      ...decided.value,
      upstream: rule.upstream,
      target: target.value,
      wire,
      identityToken:
        rule.identityAudience === undefined || principal === undefined
          ? undefined
          : await c.env.service.upstreamToken(principal, {
              audience: rule.identityAudience,
              permissions: rule.permissions,
            }),
    }
    return await carry(c, { parts, call, spell })
  }
}

/** Calls one address after the other, until one can be reached: what was never received may be sent again. */
async function carry(
  c: GatewayContext,
  {
    parts,
    call,
    spell,
  }: { readonly parts: ProxyParts; readonly call: ProxiedCall; readonly spell: BehindSpelling },
): Promise<Response> {
  const { upstreams } = parts
  const { upstream } = call
  const tried = new Set<string>()
  let last: UpstreamOutcome | undefined
  for (;;) {
    const choice = upstreams.choose(upstream, c.env.service.now().getTime(), tried)
    if (choice === undefined) break
    tried.add(addressName(choice.address))
    last = await attempt(c, { parts, call, choice })
    if (last.kind !== 'failed' || (last.fault !== 'unreachable' && last.fault !== 'busy')) break
  }
  if (last === undefined) {
    const retryAfterSeconds = upstreams.retryAfterSeconds(upstream, c.env.service.now().getTime())
    return spell.refuse(c, { reason: 'upstream_unavailable', retryAfterSeconds })
  }
  if (last.kind === 'answered') {
    c.set('sentStatus', last.status)
    // Its head is complete: what answers of our own carry has no place in it.
    c.set('replied', true)
    if (!last.complete) c.set('refused', { reason: 'upstream_failed', cause: 'cut in the middle' })
    return last.response
  }
  if (last.kind === 'declined') return passOn(c, call, last)
  const refusal = refusalOfFault(last, call.rule)
  // Nobody is there to read it.
  if (refusal === undefined) return c.body(null, 400)
  return spell.refuse(c, refusal)
}

async function attempt(
  c: GatewayContext,
  {
    parts,
    call,
    choice,
  }: { readonly parts: ProxyParts; readonly call: ProxiedCall; readonly choice: Choice },
): Promise<UpstreamOutcome> {
  const { pass } = choice
  let judged = false
  // The head of an answer says enough: its body may go on for hours.
  const onHead = () => {
    judged = true
    pass.succeeded()
  }
  try {
    const outcome =
      call.wire.connect === undefined
        ? await send(c, { parts, call, choice, onHead })
        : await connectSocket(c, { parts, call, address: choice.address, connect: call.wire.connect })
    if (judged) return outcome
    judged = true
    if (outcome.kind !== 'failed') pass.succeeded()
    else if (isUpstreamsFault(outcome.fault)) pass.failed(c.env.service.now().getTime())
    else pass.returned()
    return outcome
  } finally {
    if (!judged) pass.returned()
  }
}

/** RFC 9110 §9.2.2, without TRACE, which no rule takes. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

function send(
  c: GatewayContext,
  {
    parts,
    call,
    choice,
    onHead,
  }: {
    readonly parts: ProxyParts
    readonly call: ProxiedCall
    readonly choice: Choice
    readonly onHead: () => void
  },
): Promise<UpstreamOutcome> {
  const { rule, wire } = call
  const own = ownAnswerFields(c, call)
  return wire.send({
    address: choice.address,
    method: c.req.method,
    target: upstreamTarget(call.target, rule, call.upstream),
    fields: fieldsFor(c, call, choice.address),
    timeouts: rule.timeouts,
    bodyMaxBytes: rule.bodyMaxBytes,
    isIdempotent: IDEMPOTENT.has(c.req.method),
    answerFields(_status, fields) {
      onHead()
      return answerFields(fields, { rule, own })
    },
    onStream: leaseOf(parts, call),
  })
}

function isUpstreamsFault(fault: string): boolean {
  return fault === 'unreachable' || fault === 'first_byte_timeout' || fault === 'broken'
}

/** An upstream's own no to a WebSocket, as it said it. */
function passOn(
  c: GatewayContext,
  call: ProxiedCall,
  { status, fields, body }: Extract<UpstreamOutcome, { kind: 'declined' }>,
): Response {
  c.set('sentStatus', status)
  c.set('replied', true)
  const passed = answerFields(fields, { rule: call.rule, own: ownAnswerFields(c, call) })
  const headers = new Headers()
  for (let index = 0; index < passed.length; index += 2) {
    const name = passed[index] as string
    if (name.toLowerCase() !== 'content-length') headers.append(name, passed[index + 1] as string)
  }
  // What a Response cannot be: an upstream may send any three digits.
  const isFinal = status >= 200 && status <= 599
  const hasBody = isFinal && status !== 204 && status !== 205 && status !== 304
  return new Response(hasBody ? body : null, { status: isFinal ? status : 502, headers })
}

import { fail, ok, type Result } from '../core/result.ts'
import type { BehindHandler } from '../http/behind.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import { limitHeaders } from '../http/limit-headers.ts'
import type { Refusal } from '../http/refusal.ts'
import { reply, tell } from '../http/reply.ts'
import { decide } from './decide.ts'
import { identityFields } from './identity-fields.ts'
import type { Matcher } from './match.ts'
import { parseTarget } from './target.ts'

/** A call that another proxy asks about. */
interface AskedCall {
  readonly method: string
  readonly host: string
  /** Path and query. */
  readonly target: string
}

const METHOD = /^[A-Za-z][A-Za-z-]{0,19}$/

type ReadQuestion = (c: GatewayContext) => Result<AskedCall, Refusal>

/** Answers whether a call may go on, by the same rules as the proxy: 200 with who calls, or the refusal itself. */
export function createForwardAuth(matcher: () => Matcher, read: ReadQuestion): BehindHandler {
  return async (c, { refuse }) => {
    // What a stranger says of another call is no reason to look at it.
    if (!c.env.wire().peerIsTrusted) return refuse(c, { reason: 'proxy_untrusted' })
    const asked = read(c)
    if (!asked.ok) return refuse(c, asked.failure)
    const { method, host, target: text } = asked.value
    // Two that arrive as one list, say: the proxy did one of them, and no rule takes both.
    if (!METHOD.test(method)) return refuse(c, { reason: 'path_refused', problem: 'method' })
    const target = parseTarget(text, host)
    if (!target.ok) return refuse(c, { reason: 'path_refused', problem: target.failure })
    const decided = await decide(c, matcher(), { method, host, path: target.value.matched })
    if (!decided.ok) return refuse(c, decided.failure)
    const { rule, principal, routeRate } = decided.value
    // First what may fail: an answer that is a fault of ours names nobody.
    if (rule.identityAudience !== undefined && principal !== undefined) {
      const order = { audience: rule.identityAudience, permissions: rule.permissions }
      tell(c, { Authorization: `Bearer ${await c.env.service.upstreamToken(principal, order)}` })
    }
    tell(c, identityFields(principal, c.get('requestId')))
    if (routeRate !== undefined) tell(c, limitHeaders(routeRate))
    return reply(c, '', { status: 200, headers: {} })
  }
}

/** The question as Traefik and Caddy ask it. */
export const readForwarded: ReadQuestion = (c) => {
  const told = (part: string) => c.env.header(`x-forwarded-${part}`)
  const [method, host, uri] = [told('method'), told('host'), told('uri')]
  // Without its host a call would slip past the rules for that host.
  if (method === undefined || host === undefined || uri === undefined) {
    return incomplete({ 'X-Forwarded-Method': method, 'X-Forwarded-Host': host, 'X-Forwarded-Uri': uri })
  }
  return ok({ method, host, target: uri })
}

const URL_PARTS = /^https?:\/\/([^/?#]*)(.*)$/i

/** The question as nginx's `auth_request` asks it, with `X-Original-URL` set to `$scheme://$http_host$request_uri`. */
export const readOriginal: ReadQuestion = (c) => {
  const method = c.env.header('x-original-method')
  const url = c.env.header('x-original-url')
  // Not resolved: a URL parser would tidy the path that is to be judged.
  const [, host, target] = URL_PARTS.exec(url ?? '') ?? []
  if (method === undefined || host === undefined || target === undefined) {
    return incomplete({ 'X-Original-Method': method, 'X-Original-URL': target })
  }
  return ok({ method, host, target: target === '' ? '/' : target })
}

/** The question as Envoy's `ext_authz` asks it: the call itself, its path below `prefix`. */
export function readCheck(prefix: string): ReadQuestion {
  return (c) => {
    const { target } = c.env.wire()
    const host = c.env.header('host')
    const path = target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : undefined
    if (host === undefined || path === undefined) return incomplete({ Host: host, path })
    return ok({ method: c.req.method, host, target: path })
  }
}

function incomplete(parts: Readonly<Record<string, string | undefined>>): Result<never, Refusal> {
  const missing = Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [name] : []))
  return fail({ reason: 'proxy_question_incomplete', missing })
}

/**
 * For nginx, to which every answer but 2xx, 401 and 403 is an error of its own, and which drops the body of them all: a
 * refusal is a 401 or a 403, and its real status and body are in fields for `auth_request_set` and `error_page`.
 */
export function asAuthRequest(answer: BehindHandler): BehindHandler {
  return async (c, spell) => {
    const response = await answer(c, spell).catch((error: unknown) => spell.fault(c, error))
    const { status } = response
    if (status >= 200 && status < 300) return response
    const headers = new Headers(response.headers)
    headers.set('X-Error-Status', String(status))
    // Our own JSON, whose texts are ASCII without line breaks.
    headers.set('X-Error-Body', await response.text())
    headers.delete('Content-Length')
    return new Response(null, { status: status === 401 ? 401 : 403, headers })
  }
}

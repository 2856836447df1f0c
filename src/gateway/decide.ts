import type { Caller } from '../core/caller.ts'
import { after, type Eventually } from '../core/eventually.ts'
import type { LimitState } from '../core/limits/rate-limit.ts'
import type { RouteTake } from '../core/limits/route-rate.ts'
import { fail, ok, type Result } from '../core/result.ts'
import type { AdmittedCall } from '../core/tokens/admit-call.ts'
import type { Principal } from '../core/tokens/verify.ts'
import { callerOf, notePrincipal } from '../http/caller.ts'
import type { GatewayContext } from '../http/gateway-env.ts'
import type { Refusal } from '../http/refusal.ts'
import { type Credential, readCredential } from './credential.ts'
import type { Matcher, Place } from './match.ts'
import type { RouteRule } from './rules.ts'
import { anyTokenRule } from './rules-file.ts'

/** A call that may go on, and what is known of it. */
export interface AllowedCall {
  readonly rule: RouteRule
  /** Undefined on public routes, and where a shadow rule lets a stranger pass. */
  readonly principal: Principal | undefined
  /** The state of the route's own limit. */
  readonly routeRate: LimitState | undefined
}

/**
 * Decides on a call by the operator's rules: the same for what we proxy and for what other proxies ask. No rule, no way;
 * and a stranger is told that a token is missing before he is told what there is.
 */
export function decide(
  c: GatewayContext,
  matcher: Matcher,
  place: Place,
): Eventually<Result<AllowedCall, Refusal>> {
  const rule = matcher.find(place)
  if (rule === undefined) return refuseUnmatched(c, matcher, place)
  c.set('rule', rule.name)
  return after(judge(c, rule), (judged) => {
    if (judged.ok || !rule.isShadow) return judged
    c.set('shadowed', judged.failure.reason)
    return ok({ rule, principal: c.get('principal'), routeRate: undefined })
  })
}

/** The rule's own questions, in the order: who calls, may they, and is it too often. */
function judge(c: GatewayContext, rule: RouteRule): Eventually<Result<AllowedCall, Refusal>> {
  const caller = callerOf(c)
  if (rule.isPublic) return judgeRate(c, rule, { principal: undefined, caller })
  return after(admit(c, rule, caller), (admitted) => {
    if (!admitted.ok) return admitted
    const { principal } = admitted.value
    for (const needed of rule.permissions) {
      const held = c.env.service.authorize({ principal, caller }, needed)
      if (!held.ok) return held
    }
    return judgeRate(c, rule, { principal, caller })
  })
}

function judgeRate(
  c: GatewayContext,
  rule: RouteRule,
  { principal, caller }: { readonly principal: Principal | undefined; readonly caller: Caller },
): Eventually<Result<AllowedCall, Refusal>> {
  if (rule.rate === undefined) return ok({ rule, principal, routeRate: undefined })
  const by = principal === undefined ? { address: caller.address } : bucketOf(principal)
  return c.env.service
    .takeRouteRate({ route: rule.name, by, rate: rule.rate })
    .then((taken) => (taken.ok ? ok({ rule, principal, routeRate: taken.value }) : taken))
}

function bucketOf({ keyId, subject }: Principal): RouteTake['by'] {
  return keyId === undefined ? { userId: subject } : { keyId }
}

function admit(
  c: GatewayContext,
  rule: RouteRule,
  caller: Caller,
): Eventually<Result<AdmittedCall, Refusal>> {
  const credential = readCredential(c, rule)
  if (!credential.ok) return credential
  return after(admitCredential(c, credential.value, caller), (admitted) => {
    if (admitted.ok) notePrincipal(c, admitted.value)
    return admitted
  })
}

function admitCredential(c: GatewayContext, { kind, text }: Credential, caller: Caller) {
  const { service } = c.env
  return kind === 'api_key' ? service.admitKey(text, caller) : service.admit(text, caller)
}

async function refuseUnmatched(
  c: GatewayContext,
  matcher: Matcher,
  place: Place,
): Promise<Result<never, Refusal>> {
  const admitted = await admit(c, anyTokenRule, callerOf(c))
  if (!admitted.ok) return admitted
  const allow = matcher.methodsOf(place)
  return fail(allow.length > 0 ? { reason: 'method_not_allowed', allow } : { reason: 'route_unknown' })
}

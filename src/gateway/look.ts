import type { RuleFinding, RuleQuestion } from '../http/behind.ts'
import type { Matcher } from './match.ts'
import { requestFields } from './request-fields.ts'
import { parseTarget, upstreamTarget } from './target.ts'
import { hostOfAddress } from './upstreams.ts'

/** Says which rule a call would fall under and what its upstream would see of it, without a call. */
export function look(matcher: Matcher, question: RuleQuestion): RuleFinding {
  const { method, host, target: text, address: peer, identity } = question
  const target = parseTarget(text, host)
  if (!target.ok) return { kind: 'refused', reason: 'path_refused', problem: target.failure }
  const place = { method, host, path: target.value.matched }
  const rule = matcher.find(place)
  if (rule === undefined) {
    const isKnown = matcher.methodsOf(place).length > 0
    return { kind: 'unmatched', reason: isKnown ? 'method_not_allowed' : 'route_unknown' }
  }
  const { upstream } = rule
  const [address] = upstream?.addresses ?? []
  const wire = { fields: host === undefined ? [] : ['Host', host], peer, peerIsTrusted: false }
  return {
    kind: 'matched',
    rule: rule.name,
    isPublic: rule.isPublic,
    isShadow: rule.isShadow,
    permissions: rule.permissions,
    credentials: rule.credentials,
    upstream: upstream && {
      name: upstream.name,
      method,
      target: upstreamTarget(target.value, rule, upstream),
    },
    fields: requestFields(
      { ...wire, scheme: 'http' },
      {
        rule,
        identity: rule.isPublic ? undefined : identity,
        // Neither is made for a question.
        identityToken: rule.identityAudience && identity && `(a token for ${rule.identityAudience})`,
        requestId: '(its own)',
        clientAddress: peer,
        upstreamHost: address && hostOfAddress(address),
      },
    ),
  }
}

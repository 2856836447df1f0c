import { createMatcher, type Place } from './match.ts'
import type { GatewayRules, RouteRule } from './rules.ts'

/** What of a rule a call does not meet. */
export type Mismatch = 'host' | 'method' | 'path'

/** A rule that was asked about a call, and why it did not take it; no mismatch is a match. */
export interface RuleAsked {
  readonly rule: RouteRule
  readonly mismatches: readonly Mismatch[]
}

/** The rules that a call passes by, in their order, up to and with the one that takes it. */
export function trail(rules: GatewayRules, place: Place): readonly RuleAsked[] {
  const asked = rules.map((rule) => ({ rule, mismatches: mismatchesOf(rule, place) }))
  const end = asked.findIndex(({ mismatches }) => mismatches.length === 0)
  return end === -1 ? asked : asked.slice(0, end + 1)
}

/** Asks the matcher itself, one part of the rule at a time: no second opinion that could differ from the first. */
function mismatchesOf(rule: RouteRule, place: Place): readonly Mismatch[] {
  const wide = { ...rule, hosts: [], methods: [], path: '/*' }
  const asked = {
    // With a method that no rule refuses by itself.
    host: [
      { ...wide, hosts: rule.hosts },
      { ...place, method: 'GET' },
    ],
    method: [{ ...wide, methods: rule.methods }, place],
    path: [
      { ...wide, path: rule.path },
      { ...place, method: 'GET' },
    ],
  } as const
  const parts = Object.keys(asked) as readonly Mismatch[]
  return parts.filter((part) => {
    const [rulePart, call] = asked[part]
    return createMatcher([rulePart]).find(call) === undefined
  })
}

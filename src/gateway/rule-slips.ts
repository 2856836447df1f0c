import type { GatewayRules, RouteRule } from './rules.ts'
import type { RulesFault } from './rules-file.ts'

/** What in rules that can be used is probably not meant. A slip that is not told here may still be one. */
export function ruleSlips(rules: GatewayRules): readonly RulesFault[] {
  return rules.flatMap((rule, index) => {
    const slips: string[] = []
    if (rule.isPublic && rule.path === '/*') slips.push('is public and takes every path')
    const wider = rules.slice(0, index).findIndex((earlier) => covers(earlier, rule))
    if (wider !== -1) slips.push(reachedNever(rules, wider, rule))
    if (rule.upstream?.addresses.some(({ kind }) => kind === 'binding') === true) {
      slips.push('names a service binding, which only Workers have')
    }
    return slips.map((problem) => ({ path: `routes.${index}`, problem }))
  })
}

function reachedNever(rules: GatewayRules, wider: number, { isPublic }: RouteRule): string {
  const opens = rules[wider]?.isPublic === true && !isPublic
  return `is never reached: routes.${wider} takes all its calls${opens ? ', and is public' : ''}`
}

/** Says whether every call that the second rule takes is one of the first; false where that is not plain to see. */
function covers(wide: RouteRule, narrow: RouteRule): boolean {
  return (
    coversAll(wide.hosts, narrow.hosts, (host, other) =>
      host.startsWith('*.') ? other.endsWith(host.slice(1)) : host === other,
    ) &&
    coversAll(
      wide.methods,
      narrow.methods,
      (method, other) => method === other || (method === 'GET' && other === 'HEAD'),
    ) &&
    coversPath(segmentsOf(wide.path), segmentsOf(narrow.path))
  )
}

/** An empty list stands for anything. */
function coversAll(
  wide: readonly string[],
  narrow: readonly string[],
  takes: (one: string, other: string) => boolean,
): boolean {
  if (wide.length === 0) return true
  return narrow.length > 0 && narrow.every((other) => wide.some((one) => takes(one, other)))
}

const PLAIN = /^[a-z0-9._~-]+$/
/** A parameter that takes any one segment: neither optional nor held to an expression. */
const ANY_SEGMENT = /^:\w+$/

function coversPath([wide, ...wideRest]: readonly string[], narrow: readonly string[]): boolean {
  if (wide === undefined) return narrow.length === 0
  // At the end it takes nothing as well.
  if (wide === '*' && wideRest.length === 0) return true
  const [segment, ...rest] = narrow
  if (segment === undefined) return false
  const isTaken = PLAIN.test(wide)
    ? wide === segment
    : ANY_SEGMENT.test(wide) && (PLAIN.test(segment) || ANY_SEGMENT.test(segment))
  return isTaken && coversPath(wideRest, rest)
}

function segmentsOf(path: string): readonly string[] {
  return path
    .toLowerCase()
    .split('/')
    .filter((segment) => segment !== '')
}

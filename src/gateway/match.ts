import { TrieRouter } from 'hono/router/trie-router'
import { readPattern } from './pattern.ts'
import type { GatewayRules, RouteRule } from './rules.ts'

/** A call, as far as rules can tell one from another. */
export interface Place {
  readonly method: string
  /** With or without a port. */
  readonly host: string | undefined
  /** `matched` of a target. */
  readonly path: string
}

export interface Matcher {
  /** The first rule that matches; undefined when none does. */
  readonly find: (place: Place) => RouteRule | undefined
  /** The methods that the rules of this host and path take; empty when no rule is there for them. */
  readonly methodsOf: (place: Place) => readonly string[]
}

/**
 * Matches calls by the router's own patterns, and without regard to case or a slash at the end: many upstreams do not
 * look at them either, and `/Admin/` must not slip past a rule for `/admin`.
 */
export function createMatcher(rules: GatewayRules): Matcher {
  const router = new TrieRouter<RouteRule>()
  for (const rule of rules) router.add('ALL', routable(rule), rule)
  // The router answers in the order in which rules were added.
  const all = ({ host, path }: Place) => {
    const name = hostName(host)
    return router
      .match('ALL', path)[0]
      .map(([rule]) => rule as RouteRule)
      .filter(({ hosts }) => hosts.length === 0 || hosts.some((wanted) => isHost(wanted, name)))
  }
  return {
    find: (place) => all(place).find(({ methods }) => takes(methods, place.method)),
    methodsOf: (place) => [...new Set(all(place).flatMap(({ methods }) => methods))],
  }
}

/** They show the client what an upstream was sent (RFC 9110 §9.3.8): identities, and the secrets that rules set. */
export const mirrorMethods: ReadonlySet<string> = new Set(['TRACE', 'TRACK'])

/**
 * Whoever takes GET takes HEAD (RFC 9110 §9.3.2). In upper case, since many upstreams look at no case: `delete` must not
 * slip past a rule for DELETE.
 */
function takes(methods: readonly string[], asked: string): boolean {
  const method = asked.toUpperCase()
  if (mirrorMethods.has(method)) return false
  return methods.length === 0 || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'))
}

/** Rules are made by the reader of the operator's file, who has seen that this is a pattern. */
function routable({ name, path }: RouteRule): string {
  const pattern = readPattern(path)
  if (!pattern.ok) throw new Error(`The path of the rule ${name} ${pattern.failure}.`)
  return pattern.value
}

function hostName(host: string | undefined): string {
  return (host ?? '').toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}

function isHost(wanted: string, name: string): boolean {
  return wanted.startsWith('*.')
    ? name.endsWith(wanted.slice(1)) && name !== wanted.slice(1)
    : wanted === name
}

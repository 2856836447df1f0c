import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { fail, ok, type Result } from '../core/result.ts'
import { parseInput } from '../http/parse-input.ts'
import type { UpstreamAddress } from '../http/wire.ts'
import { plainName } from './forbidden-fields.ts'
import type { GatewayRules, RouteRule, Upstream } from './rules.ts'
import { problemOf } from './rules-problem.ts'
import { type RouteText, routeSchema, rulesSchema, type UpstreamText } from './rules-schema.ts'

export interface RulesFault {
  /** Where, as `routes.2.timeouts.connect_ms`; empty for the file as a whole. */
  readonly path: string
  readonly problem: string
}

/** The largest file of rules that is read, in characters. */
const TEXT_MAX_LENGTH = 1_000_000

/** Parses the text of a ROUTES_FILE, YAML or JSON, or names every fault with its path. */
export function parseRules(text: string): Result<GatewayRules, readonly RulesFault[]> {
  if (text.length > TEXT_MAX_LENGTH) return fail([{ path: '', problem: 'is larger than a megabyte' }])
  const read = readYaml(text)
  if (!read.ok) return fail([{ path: '', problem: read.failure }])
  const parsed = parseInput(rulesSchema, read.value, { error: problemOf })
  if (!parsed.ok) return fail(parsed.failure.map(faultOf))
  const { upstreams, routes } = parsed.value
  const faults: RulesFault[] = []
  const rules = routes.map((route, index) => {
    const upstream = upstreamOf(route.upstream, upstreams)
    if (upstream === 'unknown') {
      faults.push({ path: `routes.${index}.upstream`, problem: 'names no upstream of this file' })
    }
    return ruleOf(route, upstream === 'unknown' ? undefined : upstream)
  })
  faults.push(...clashes(rules))
  return faults.length > 0 ? fail(faults) : ok(rules)
}

/** Of YAML 1.2 alone, whatever a file says of itself: an older one has keys that merge, and throw where they cannot. */
const yaml = {
  schema: 'core',
  resolveKnownTags: false,
  uniqueKeys: true,
  prettyErrors: true,
  // What it would warn of on stderr is a fault here, and told as one.
  logLevel: 'error',
} as const

/** JSON is YAML. Aliases cannot multiply into a bomb. */
function readYaml(text: string): Result<unknown, string> {
  try {
    const document = parseDocument(text, yaml)
    const [syntax] = document.errors
    return syntax === undefined ? ok(document.toJS({ maxAliasCount: 100 })) : fail(firstLine(syntax.message))
  } catch (error) {
    // Thrown, not listed among the errors: too many aliases, or one to nothing; and nesting beyond the stack.
    if (error instanceof ReferenceError || error instanceof RangeError) return fail(firstLine(error.message))
    throw error
  }
}

/** The rules of `UPSTREAM_URL`: one API behind every path, closed. */
export function rulesOfUpstream(url: string): GatewayRules {
  return [ruleOf(routeSchema.parse({ name: 'upstream', path: '/*' }), upstreamAt('upstream', [url]))]
}

/** The rule that answers another proxy's question where the operator has written none: any valid token will do. */
export const anyTokenRule: RouteRule = ruleOf(routeSchema.parse({ name: 'any', path: '/*' }), undefined)

function ruleOf(route: RouteText, upstream: Upstream | undefined): RouteRule {
  const { request_headers, response_headers, timeouts, rate_limit } = route
  return {
    name: route.name ?? route.path,
    hosts: route.hosts,
    path: route.path,
    methods: route.methods,
    upstream,
    permissions: route.permissions,
    isPublic: route.public,
    credentials: route.credentials,
    stripPrefix: route.strip_prefix,
    preservesHost: route.preserve_host,
    passesCredential: route.pass_credential,
    requestFields: { ...request_headers, remove: request_headers.remove.map(plainName) },
    answerFields: { ...response_headers, remove: response_headers.remove.map(plainName) },
    timeouts: {
      connectMs: timeouts.connect_ms,
      firstByteMs: timeouts.first_byte_ms,
      idleMs: timeouts.idle_ms,
    },
    bodyMaxBytes: route.body_max_bytes,
    messageMaxBytes: route.message_max_bytes,
    rate: rate_limit && { limit: rate_limit.limit, windowSeconds: rate_limit.window_seconds },
    identityAudience: route.identity_token?.audience,
    streamsOutliveToken: route.stream_outlives_token,
    isShadow: route.mode === 'shadow',
  }
}

function upstreamOf(
  wanted: UpstreamText | undefined,
  named: Readonly<Record<string, UpstreamText>>,
): Upstream | 'unknown' | undefined {
  if (wanted === undefined) return undefined
  if (typeof wanted === 'object' && 'binding' in wanted)
    return bindingUpstream(wanted.binding, wanted.binding)
  const urls = typeof wanted === 'string' ? [wanted] : wanted
  const [first = ''] = urls
  if (first.includes('://')) return upstreamAt(new URL(first).host, urls)
  // Its own: `constructor` is a member of every object.
  const known = Object.hasOwn(named, first) ? named[first] : undefined
  if (urls.length !== 1 || known === undefined) return 'unknown'
  if (typeof known === 'object' && 'binding' in known) return bindingUpstream(first, known.binding)
  return upstreamAt(first, typeof known === 'string' ? [known] : known)
}

function upstreamAt(name: string, urls: readonly string[]): Upstream {
  const addresses = urls.map((url): UpstreamAddress => ({ kind: 'origin', origin: new URL(url).origin }))
  // The schema has seen that there is one, and that all have the same path.
  const basePath = new URL(urls[0] as string).pathname.replace(/\/$/, '')
  return { name, addresses: addresses as [UpstreamAddress, ...UpstreamAddress[]], basePath }
}

function bindingUpstream(name: string, binding: string): Upstream {
  return { name, addresses: [{ kind: 'binding', name: binding }], basePath: '' }
}

/** Two rules of one name, and a rule that can never be reached because the same one stands above it. */
function clashes(rules: GatewayRules): readonly RulesFault[] {
  const names = new Map<string, number>()
  const places = new Map<string, number>()
  return rules.flatMap((rule, index) => {
    const place = JSON.stringify([rule.path.toLowerCase(), [...rule.hosts].sort(), [...rule.methods].sort()])
    const [sameName, samePlace] = [names.get(rule.name), places.get(place)]
    names.set(rule.name, sameName ?? index)
    places.set(place, samePlace ?? index)
    if (samePlace !== undefined) {
      return [
        { path: `routes.${index}`, problem: `is never reached: routes.${samePlace} takes all its calls` },
      ]
    }
    if (sameName === undefined) return []
    return [{ path: `routes.${index}.name`, problem: `is the name of routes.${sameName} too` }]
  })
}

function faultOf(issue: z.core.$ZodIssue): RulesFault {
  return { path: issue.path.join('.'), problem: issue.message }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}

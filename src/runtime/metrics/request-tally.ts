import type { RequestLine } from '../../http/gateway-env.ts'
import type { Sample } from './exposition.ts'

/** Upper bounds in seconds, from a warm verification to the longest wait for an upstream. */
export const latencyBoundsSeconds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const

/** All that a method may be called; any other is the last. */
export const countedMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const

/** What came back from an upstream, by the first digit of its status; `none` where nothing did. */
export const answerClasses = ['other', '1xx', '2xx', '3xx', '4xx', '5xx', 'none'] as const

/**
 * Routes and rules are the operator's, and so few; but rules may be exchanged for others for as long as a process lives.
 * Those beyond share one name.
 */
const NAMES_MAX = 1000
const BEYOND = '(other)'

/** No status, which is three digits. */
const STATUS_SPAN = 1000
const OTHER_METHOD = countedMethods.length - 1
const methodIndex: ReadonlyMap<string, number> = new Map(countedMethods.map((name, index) => [name, index]))

interface RouteTally {
  /** By method and status in one number: to build a text for each call would cost more than the rest. */
  readonly answers: Map<number, number>
  readonly buckets: Float64Array
  count: number
  sumSeconds: number
}

/** Counts what was answered. Its names are routes, rules and reasons, and never a word of a caller's. */
export interface RequestTally {
  readonly add: (line: RequestLine) => void
  readonly requests: () => readonly Sample[]
  readonly latencies: () => readonly Sample[]
  readonly refusals: () => readonly Sample[]
  readonly shadowRefusals: () => readonly Sample[]
  readonly upstreamAnswers: () => readonly Sample[]
}

/** `name` is the histogram's. Numbers in maps: a library's counters hash their labels anew at each call. */
export function createRequestTally({ histogram }: { readonly histogram: string }): RequestTally {
  const routes = new Map<string, RouteTally>()
  const rules = new Map<string, Float64Array>()
  const refused = new Map<string, number>()
  const shadowed = new Map<string, number>()

  return {
    add(line) {
      const { rule, upstream, status, durationMs, reason } = line
      const tally = bounded(routes, routeName(line), freshRoute)
      const method = methodIndex.get(line.method) ?? OTHER_METHOD
      const answer = method * STATUS_SPAN + (status >= 100 && status <= 599 ? status : 0)
      tally.answers.set(answer, (tally.answers.get(answer) ?? 0) + 1)
      const seconds = durationMs / 1000
      const bucket = bucketOf(seconds)
      tally.buckets[bucket] = (tally.buckets[bucket] ?? 0) + 1
      tally.count++
      tally.sumSeconds += seconds
      if (reason !== undefined) increase(refused, reason)
      if (line.shadowed !== undefined) increase(shadowed, line.shadowed)
      if (rule === undefined || upstream === undefined) return
      const classes = bounded(rules, rule, () => new Float64Array(answerClasses.length))
      const of = classOf(line)
      classes[of] = (classes[of] ?? 0) + 1
    },
    requests: () =>
      [...routes].flatMap(([route, { answers }]) =>
        [...answers].map(([answer, value]) => {
          const method = countedMethods[Math.floor(answer / STATUS_SPAN)] ?? 'other'
          const status = answer % STATUS_SPAN
          return { labels: { method, route, status: status === 0 ? 'other' : String(status) }, value }
        }),
      ),
    latencies: () => [...routes].flatMap(([route, tally]) => latencySamples(histogram, route, tally)),
    refusals: () => byReason(refused),
    shadowRefusals: () => byReason(shadowed),
    upstreamAnswers: () =>
      [...rules].flatMap(([rule, counts]) =>
        answerClasses.map((name, index) => ({ labels: { rule, class: name }, value: counts[index] ?? 0 })),
      ),
  }
}

/** The route's pattern, or the operator's rule where a call went by one. */
function routeName({ route, rule }: RequestLine): string {
  return rule !== undefined && route === '(none)' ? `rule:${rule}` : route
}

function bounded<T>(tallies: Map<string, T>, name: string, make: () => T): T {
  const known = tallies.get(name)
  if (known !== undefined) return known
  const kept = tallies.size < NAMES_MAX ? name : BEYOND
  const tally = tallies.get(kept) ?? make()
  tallies.set(kept, tally)
  return tally
}

function freshRoute(): RouteTally {
  const buckets = new Float64Array(latencyBoundsSeconds.length + 1)
  return { answers: new Map(), buckets, count: 0, sumSeconds: 0 }
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function byReason(counts: ReadonlyMap<string, number>): readonly Sample[] {
  return [...counts].map(([reason, value]) => ({ labels: { reason }, value }))
}

function bucketOf(seconds: number): number {
  let index = 0
  while (index < latencyBoundsSeconds.length && seconds > (latencyBoundsSeconds[index] ?? 0)) index++
  return index
}

/** A refusal of ours after the rule had chosen an upstream is a failure of the way there; a cut answer had its status. */
function classOf({ status, reason, cause }: RequestLine): number {
  if (reason !== undefined && cause !== 'cut in the middle') return answerClasses.length - 1
  return status >= 100 && status <= 599 ? Math.floor(status / 100) : 0
}

function latencySamples(histogram: string, route: string, tally: RouteTally): readonly Sample[] {
  let atMost = 0
  const buckets = latencyBoundsSeconds.map((bound, index) => {
    atMost += tally.buckets[index] ?? 0
    return { name: `${histogram}_bucket`, labels: { route, le: String(bound) }, value: atMost }
  })
  return [
    ...buckets,
    { name: `${histogram}_bucket`, labels: { route, le: '+Inf' }, value: tally.count },
    { name: `${histogram}_sum`, labels: { route }, value: tally.sumSeconds },
    { name: `${histogram}_count`, labels: { route }, value: tally.count },
  ]
}

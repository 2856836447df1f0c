import type { OutboxDepth } from '../../core/accounts/account-store.ts'
import type { Service } from '../../core/service.ts'
import { signingKeyStates } from '../../core/tokens/signing-key-state.ts'
import { breakerStates } from '../../gateway/breaker.ts'
import type { BehindTheCounter } from '../../gateway/gateway.ts'
import type { GatewayLog } from '../../http/gateway-env.ts'
import type { FeedState } from '../feed.ts'
import type { ProcessMemory } from '../memory.ts'
import type { PoolState } from '../postgres.ts'
import type { SeldomAsked } from './ask-seldom.ts'
import { alone, type Exposed, type Sample } from './exposition.ts'
import { createOutcomeTally } from './outcome-tally.ts'
import { createRequestTally } from './request-tally.ts'

const DURATIONS = 'guichet_http_request_duration_seconds'

/** What is counted as it happens, from before the first call on. */
export interface Tallies {
  /** The same log, whose lines are counted. */
  readonly countingLog: (log: GatewayLog) => GatewayLog
  /** The same service, whose exchanges, refreshes and sign-ins are counted. */
  readonly countingService: (service: Service) => Service
  readonly metrics: readonly Exposed[]
}

/** Where the rest is looked up at each scrape. */
export interface MetricSources {
  readonly service: Pick<Service, 'now' | 'revocationsAgeSeconds'>
  readonly memory: Pick<
    ProcessMemory,
    'verifiedTokens' | 'directory' | 'people' | 'revocations' | 'signingKeys' | 'keptSessions'
  >
  readonly behind: Pick<BehindTheCounter, 'upstreamStates' | 'streams'>
  readonly feedState: () => FeedState
  readonly pool: (() => PoolState) | undefined
  readonly poolMax: number | undefined
  readonly outbox: SeldomAsked<OutboxDepth>
}

/** Counts nothing where nobody is to see it. */
export const noTallies: Tallies = {
  countingLog: (log) => log,
  countingService: (service) => service,
  metrics: [],
}

export function createTallies(): Tallies {
  const calls = createRequestTally({ histogram: DURATIONS })
  const tokens = createOutcomeTally()
  let faults = 0
  return {
    countingLog: (log) => ({
      request(line) {
        log.request(line)
        calls.add(line)
      },
      fault(error, requestId) {
        log.fault(error, requestId)
        faults++
      },
    }),
    countingService: tokens.counting,
    metrics: [
      counter('guichet_http_requests_total', 'Calls that were answered.', calls.requests),
      {
        name: DURATIONS,
        help: 'Seconds from the head of a call to its answer, a body that is streamed included.',
        type: 'histogram',
        read: calls.latencies,
      },
      counter('guichet_refusals_total', 'Refusals, by their reason.', calls.refusals),
      counter('guichet_shadow_refusals_total', 'What shadow rules would have refused.', calls.shadowRefusals),
      counter('guichet_faults_total', 'Faults: calls that ended in a 500, or in a 503 of ours.', () =>
        alone(faults),
      ),
      counter('guichet_token_outcomes_total', 'Exchanges, refreshes and sign-ins.', tokens.samples),
      counter('guichet_upstream_answers_total', 'Answers of upstreams.', calls.upstreamAnswers),
    ],
  }
}

/** What is there to be looked up, with no label that a caller could choose. */
export function lookedUp(sources: MetricSources): readonly Exposed[] {
  return [
    ...memoryMetrics(sources),
    ...databaseMetrics(sources),
    ...degradedMetrics(sources.memory),
    ...surroundings(sources),
  ]
}

function memoryMetrics({ memory, service }: MetricSources): readonly Exposed[] {
  const { verifiedTokens, directory, people, revocations, signingKeys } = memory
  return [
    gauge('guichet_verified_tokens', 'Tokens whose signature is known to be good.', () =>
      alone(verifiedTokens.size()),
    ),
    counter('guichet_verified_token_lookups_total', 'Tokens that were looked for among those.', () => {
      const { asked, found } = verifiedTokens.finds()
      return byLabel('result', { hit: found, miss: asked - found })
    }),
    gauge('guichet_key_directory_entries', 'API keys that are remembered.', () => alone(directory.size())),
    gauge('guichet_person_directory_entries', 'People who are remembered.', () => alone(people.size())),
    gauge('guichet_revocations', 'Revocations that tokens are checked against.', () =>
      alone(revocations.size()),
    ),
    gauge('guichet_revocations_age_seconds', 'How old what is known of revocations is.', () =>
      alone(service.revocationsAgeSeconds()),
    ),
    gauge('guichet_signing_keys', 'Signing keys, by their state.', () => {
      const states = signingKeys.states(service.now())
      const count = (state: string) => states.filter((key) => key.state === state).length
      return signingKeyStates.map((state) => ({ labels: { state }, value: count(state) }))
    }),
    gauge('guichet_signing_key_age_seconds', 'The age of the oldest signing key of a state.', () => {
      const now = service.now()
      return oldestOf(signingKeys.states(now)).map(([state, bornMs]) => ({
        labels: { state },
        value: (now.getTime() - bornMs) / 1000,
      }))
    }),
  ]
}

function oldestOf(
  keys: readonly { readonly state: string; readonly createdAt: Date }[],
): readonly (readonly [string, number])[] {
  const oldest = new Map<string, number>()
  for (const { state, createdAt } of keys)
    oldest.set(state, Math.min(oldest.get(state) ?? Infinity, createdAt.getTime()))
  return [...oldest]
}

function databaseMetrics({ pool, poolMax, outbox, service }: MetricSources): readonly Exposed[] {
  const age = (since: Date) => Math.max(0, (service.now().getTime() - since.getTime()) / 1000)
  return [
    gauge(
      'guichet_database_up',
      '1 when the database answered the last question, within a second.',
      async () => alone((await outbox.read()) === undefined ? 0 : 1),
    ),
    gauge('guichet_database_connections', 'Connections to PostgreSQL.', () => alone(pool?.().total)),
    gauge('guichet_database_connections_idle', 'Those of them that nobody uses.', () => alone(pool?.().idle)),
    gauge('guichet_database_connections_max', 'How many there may be.', () => alone(poolMax)),
    gauge('guichet_database_calls_waiting', 'Calls that wait for a connection.', () =>
      alone(pool?.().waiting),
    ),
    gauge('guichet_mail_outbox_waiting', 'Mails and codes that are neither sent nor given up.', async () =>
      alone((await outbox.read())?.waiting),
    ),
    gauge('guichet_mail_outbox_oldest_seconds', 'How long the oldest of them has waited.', async () => {
      const depth = await outbox.read()
      if (depth === undefined) return []
      return alone(depth.oldestAt === undefined ? 0 : age(depth.oldestAt))
    }),
  ]
}

function degradedMetrics({ keptSessions }: MetricSources['memory']): readonly Exposed[] {
  return [
    counter('guichet_degraded_exchanges_total', 'Exchanges from memory, while the database was away.', () =>
      alone(keptSessions.counts().kept),
    ),
    gauge('guichet_sessions_unwritten', 'Sessions of those that wait to be written.', () =>
      alone(keptSessions.size()),
    ),
    counter('guichet_sessions_written_back_total', 'Sessions of those that were written since.', () => {
      const { opened, ended } = keptSessions.counts()
      return byLabel('outcome', { opened, ended })
    }),
  ]
}

function surroundings({ behind, feedState, service }: MetricSources): readonly Exposed[] {
  return [
    gauge('guichet_revocation_feed_connected', '1 while the revocation feed is heard.', () =>
      alone(feedState().connected ? 1 : 0),
    ),
    counter('guichet_revocation_feed_reconnects_total', 'How often the feed came back after a break.', () =>
      alone(feedState().reconnects),
    ),
    gauge('guichet_upstream_addresses', 'Addresses of upstreams, by the state of their breaker.', () =>
      behind.upstreamStates(service.now().getTime()).flatMap(({ name: upstream, addresses }) =>
        breakerStates.map((state) => ({
          labels: { upstream, state },
          value: addresses.filter((of) => of === state).length,
        })),
      ),
    ),
    gauge('guichet_open_streams', 'Streams and WebSockets that are open.', () =>
      alone(behind.streams.size()),
    ),
  ]
}

function gauge(name: string, help: string, read: Exposed['read']): Exposed {
  return { name, help, type: 'gauge', read }
}

function counter(name: string, help: string, read: Exposed['read']): Exposed {
  return { name, help, type: 'counter', read }
}

function byLabel(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

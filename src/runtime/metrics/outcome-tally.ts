import type { Failure } from '../../core/failure.ts'
import type { Result } from '../../core/result.ts'
import type { Service } from '../../core/service.ts'
import type { Sample } from './exposition.ts'

/** What hands out tokens. */
const operations = ['exchange', 'refresh', 'sign_in'] as const
type Operation = (typeof operations)[number]

/** `challenged`: a right proof that another must follow. `faulted`: ours to mend, and nobody's no. */
const outcomes = ['granted', 'challenged', 'refused', 'faulted'] as const
type Outcome = (typeof outcomes)[number]

export interface OutcomeTally {
  /** The same service, whose exchanges, refreshes and sign-ins are counted. */
  readonly counting: (service: Service) => Service
  readonly samples: () => readonly Sample[]
}

export function createOutcomeTally(): OutcomeTally {
  // Zeros from the first scrape on: a rate has nothing to begin with where a series is not there.
  const counts = new Map<string, number>()
  for (const operation of operations) for (const outcome of outcomes) counts.set(`${operation} ${outcome}`, 0)
  const add = (operation: Operation, outcome: Outcome) => {
    const name = `${operation} ${outcome}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  const wrap =
    <A extends readonly unknown[], T>(
      operation: Operation,
      use: (...args: A) => Promise<Result<T, Failure>>,
    ): ((...args: A) => Promise<Result<T, Failure>>) =>
    async (...args) => {
      try {
        const result = await use(...args)
        add(operation, outcomeOf(result))
        return result
      } catch (fault) {
        add(operation, 'faulted')
        throw fault
      }
    }
  return {
    counting: (service) => ({
      ...service,
      exchange: wrap('exchange', service.exchange),
      refresh: wrap('refresh', service.refresh),
      rotate: wrap('refresh', service.rotate),
      refreshPerson: wrap('refresh', service.refreshPerson),
      signIn: wrap('sign_in', service.signIn),
      completeSignIn: wrap('sign_in', service.completeSignIn),
      signInAnonymously: wrap('sign_in', service.signInAnonymously),
      redeemProof: wrap('sign_in', service.redeemProof),
      tradeAuthCode: wrap('sign_in', service.tradeAuthCode),
    }),
    samples: () =>
      [...counts].map(([name, value]) => {
        const [operation = '', outcome = ''] = name.split(' ')
        return { labels: { operation, outcome }, value }
      }),
  }
}

function outcomeOf(result: Result<unknown, Failure>): Outcome {
  if (!result.ok) return 'refused'
  const { kind } = (result.value ?? {}) as { readonly kind?: unknown }
  return kind === 'second_factor' || kind === 'half' ? 'challenged' : 'granted'
}

import type { Failure } from '../../core/failure.ts'
import type { Result } from '../../core/result.ts'
import type { Service } from '../../core/service.ts'
import type { AccessToken } from '../../core/tokens/session-tokens.ts'
import type { Sample } from './exposition.ts'

/** What hands out tokens. */
const operations = ['exchange', 'narrowing', 'refresh', 'sign_in', 'step_up'] as const
type Operation = (typeof operations)[number]

/** `challenged`: a right proof that another must follow. `faulted`: ours to mend, and nobody's no. */
const outcomes = ['granted', 'challenged', 'refused', 'faulted'] as const
type Outcome = (typeof outcomes)[number]

/** Every use case whose answer may be tokens: a new one does not compile before it is counted. */
type HandsOut = {
  [K in keyof Service]: Service[K] extends (...args: never[]) => Promise<Result<infer T, Failure>>
    ? [Extract<T, Tokens>] extends [never]
      ? never
      : K
    : never
}[keyof Service]
type Tokens = AccessToken | { readonly tokens: AccessToken }

const counted = {
  exchange: 'exchange',
  narrowToken: 'narrowing',
  refresh: 'refresh',
  rotate: 'refresh',
  refreshPerson: 'refresh',
  signIn: 'sign_in',
  completeSignIn: 'sign_in',
  signInAnonymously: 'sign_in',
  signUp: 'sign_in',
  registerAndSignIn: 'sign_in',
  redeemProof: 'sign_in',
  followLink: 'sign_in',
  tradeAuthCode: 'sign_in',
  raiseSession: 'step_up',
} as const satisfies Record<HandsOut, Operation>

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
    (operation: Operation, use: UseCase): UseCase =>
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
    counting(service) {
      const names = Object.keys(counted) as readonly HandsOut[]
      const wrapped = names.map((name) => [name, wrap(counted[name], service[name] as UseCase)])
      // The same use cases under the same names, so the same type.
      return { ...service, ...Object.fromEntries(wrapped) } as Service
    },
    samples: () =>
      [...counts].map(([name, value]) => {
        const [operation = '', outcome = ''] = name.split(' ')
        return { labels: { operation, outcome }, value }
      }),
  }
}

type UseCase = (...args: never[]) => Promise<Result<unknown, Failure>>

/** What has no tokens in it yet waits for something: a second factor, a link that was sent, another mailbox. */
function outcomeOf(result: Result<unknown, Failure>): Outcome {
  if (!result.ok) return 'refused'
  const value = (result.value ?? {}) as { readonly kind?: unknown; readonly tokens?: unknown }
  return value.kind === undefined || value.tokens !== undefined ? 'granted' : 'challenged'
}

import type { Store } from '../core/ports.ts'
import { StoreLostError, StoreUnavailableError } from '../store/store-error.ts'

export interface Deadline {
  readonly deadlineMs: number
  /** Until when all verbs last had to wait for something else, by `performance.now()`; infinite while they have to. */
  readonly heldUntilMs: () => number
  readonly onLost: (verb: string) => void
}

/**
 * Bounds every verb of a store whose driver has no timeout of its own. After a full disk PGlite lets each query hang
 * for ever, so an answer that is late is the sign that the process must go, unless all had to wait; so is a panic, after which
 * nothing more may be asked: the next question would turn in circles and hold the whole process.
 */
export function withDeadline(store: Store, { deadlineMs, heldUntilMs, onLost }: Deadline): Store {
  // An answer to any verb shows that the database lives, and that a late one only had to wait its turn.
  let answeredAtMs = 0
  let lost = false
  const lose = (name: string) => {
    if (!lost) onLost(name)
    lost = true
  }
  const verbs = Object.entries(store) as [string, (...args: never[]) => Promise<unknown>][]
  const bounded = verbs.map(([name, verb]) => [
    name,
    async (...args: never[]) => {
      if (lost) throw new StoreUnavailableError('The database has stopped.')
      const late = Promise.withResolvers<never>()
      const askedAtMs = performance.now()
      const timer = setTimeout(() => {
        if (Math.max(answeredAtMs, heldUntilMs()) < askedAtMs) lose(name)
        late.reject(new StoreUnavailableError('The database did not answer in time.'))
      }, deadlineMs)
      const answered = verb(...args)
        .catch((error) => {
          if (error instanceof StoreLostError) lose(name)
          throw error
        })
        .finally(() => {
          answeredAtMs = performance.now()
        })
      return Promise.race([answered, late.promise]).finally(() => clearTimeout(timer))
    },
  ])
  // The same verbs under the same names, so the same type.
  return Object.fromEntries(bounded) as unknown as Store
}

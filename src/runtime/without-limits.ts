import type { Store } from '../core/ports.ts'

/** RATE_LIMITS=off: a store in which every bucket is full and every quota untouched. For load tests. */
export function withoutLimits(store: Store): Store {
  const full: Store['takeRate'] = async ({ now }) => ({ allowed: true, arrivalAt: now })
  const untouched: Store['takeQuota'] = async () => 1
  const unfailed: Store['changeSignInFailures'] = async (subjects, decide) =>
    decide(
      subjects.map((subject) => ({
        subject,
        failures: 0,
        lastFailedAt: new Date(0),
        blockedUntil: undefined,
      })),
    ).outcome
  return {
    ...store,
    changeSignInFailures: unfailed,
    takeRate: full,
    peekRate: full,
    takeQuota: untouched,
    peekQuota: untouched,
  }
}

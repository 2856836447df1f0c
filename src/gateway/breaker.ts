/** So many faults in a row, and an address is left alone. */
const FAULTS_MAX = 5
/** For so long; then one call may see whether it is back. */
const REST_MS = 10_000

/** Keeps calls from an upstream that does not answer, so that they fail at once instead of in a queue of time-outs. */
export interface Breaker {
  /** Takes the right to call; undefined when the address is being left alone, or is being probed by another. */
  readonly admit: (nowMs: number) => Pass | undefined
  /** How long until a call has a chance again, in milliseconds. */
  readonly restMs: (nowMs: number) => number
  readonly state: (nowMs: number) => BreakerState
}

/** `closed` lets calls through, `open` none, `half-open` the one that sees whether the address is back. */
export const breakerStates = ['closed', 'open', 'half-open'] as const
export type BreakerState = (typeof breakerStates)[number]

/** The right to one call. It is given back in exactly one of three ways. */
export interface Pass {
  readonly succeeded: () => void
  readonly failed: (nowMs: number) => void
  /** The call ended for a reason that says nothing about the upstream. */
  readonly returned: () => void
}

export function createBreaker(): Breaker {
  let faults = 0
  let openedAtMs: number | undefined
  let probedAtMs: number | undefined

  const pass = (isProbe: boolean): Pass => ({
    succeeded() {
      faults = 0
      openedAtMs = undefined
      if (isProbe) probedAtMs = undefined
    },
    failed(nowMs) {
      faults++
      if (isProbe) probedAtMs = undefined
      if (isProbe || faults >= FAULTS_MAX) openedAtMs = nowMs
    },
    returned() {
      if (isProbe) probedAtMs = undefined
    },
  })
  // Either way, since a clock may be set back.
  const restMs = (nowMs: number) =>
    openedAtMs === undefined ? 0 : Math.max(0, REST_MS - Math.abs(nowMs - openedAtMs))
  return {
    restMs,
    state(nowMs) {
      if (openedAtMs === undefined) return 'closed'
      return restMs(nowMs) > 0 ? 'open' : 'half-open'
    },
    admit(nowMs) {
      if (openedAtMs === undefined) return pass(false)
      // A probe that is not over by now, say because its client takes its time, keeps nobody else away.
      const isProbed = probedAtMs !== undefined && Math.abs(nowMs - probedAtMs) < REST_MS
      if (restMs(nowMs) > 0 || isProbed) return undefined
      probedAtMs = nowMs
      return pass(true)
    },
  }
}

import type { HashingQueue } from './hashing-queue.ts'
import { PasswordsBusyError } from './passwords-busy-error.ts'

export interface HashingPaceOptions {
  /** From the start of one job to that of the next. */
  readonly everyMs: number
  /** From the end of one job to the start of the next, where a job takes longer than it should. */
  readonly gapMs: number
  readonly waitMaxMs: number
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Starts jobs at a steady pace that leaves other calls their turn, the first at once. For isolates, which have one thread
 * and where a call may be dropped at any await: there is no turn here that a dropped call could keep for ever, and no
 * promise of one call that another awaits.
 */
export function hashingPace(options: HashingPaceOptions): HashingQueue {
  const { everyMs, gapMs, waitMaxMs, nowMs, sleep } = options
  let freeAtMs = 0
  let lastMs = 0

  return async (job) => {
    const cameMs = nowMs()
    const startMs = Math.max(cameMs, freeAtMs)
    if (startMs - cameMs > waitMaxMs) throw new PasswordsBusyError()
    freeAtMs = startMs + everyMs
    const dueInMs = () => Math.max(startMs, lastMs + gapMs) - nowMs()
    // Several may be due at once, after a job that took long: one of them starts, and the others look again.
    for (let waitMs = dueInMs(); waitMs > 0; waitMs = dueInMs()) {
      if (nowMs() - cameMs > waitMaxMs) throw new PasswordsBusyError()
      await sleep(waitMs)
    }
    lastMs = nowMs()
    try {
      return await job()
    } finally {
      lastMs = nowMs()
    }
  }
}

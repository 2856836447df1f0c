import type { HashingQueue } from './hashing-queue.ts'
import { PasswordsBusyError } from './passwords-busy-error.ts'

export interface HashingPaceOptions {
  /** From the start of one job to that of the next: longer than a job takes, so that other calls have their turn. */
  readonly everyMs: number
  readonly waitMaxMs: number
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<void>
}

/**
 * Starts jobs at a steady pace, the first at once. For isolates, which have one thread and where a call may be dropped at
 * any await: there is no turn here that a dropped call could keep for ever, and no promise of one call that another awaits.
 */
export function hashingPace({ everyMs, waitMaxMs, nowMs, sleep }: HashingPaceOptions): HashingQueue {
  let freeAtMs = 0
  return async (job) => {
    const now = nowMs()
    const startMs = Math.max(now, freeAtMs)
    if (startMs - now > waitMaxMs) throw new PasswordsBusyError()
    freeAtMs = startMs + everyMs
    if (startMs > now) await sleep(startMs - now)
    return await job()
  }
}

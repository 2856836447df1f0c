import { PasswordsBusyError } from './passwords-busy-error.ts'

export interface HashingQueueOptions {
  /** How many threads hash at once. */
  readonly threads: number
  readonly waitingMax: number
  readonly waitMaxMs: number
  /** A clock that only goes forward. */
  readonly nowMs: () => number
}

/** Runs a job when its turn has come. @throws PasswordsBusyError instead, where that takes too long */
export type HashingQueue = <T>(job: () => Promise<T>, threads?: number) => Promise<T>

interface Waiting {
  readonly threads: number
  readonly sinceMs: number
  readonly start: () => void
  readonly refuse: (busy: PasswordsBusyError) => void
}

/** First come, first served, on so many threads and no more; a job that asks for more of them has them all. */
export function hashingQueue(options: HashingQueueOptions): HashingQueue {
  const waiting: Waiting[] = []
  let busy = 0

  function admit(): void {
    for (let head = waiting[0]; head !== undefined; head = waiting[0]) {
      const late = options.nowMs() - head.sinceMs > options.waitMaxMs
      if (!late && busy + head.threads > options.threads) return
      waiting.shift()
      if (late) {
        head.refuse(new PasswordsBusyError())
      } else {
        busy += head.threads
        head.start()
      }
    }
  }

  return async (job, asked = 1) => {
    const threads = Math.min(asked, options.threads)
    // Nobody would wait so long for an answer, and whoever goes on waiting keeps others from theirs.
    if (waiting.length >= options.waitingMax) throw new PasswordsBusyError()
    await new Promise<void>((start, refuse) => {
      waiting.push({ threads, sinceMs: options.nowMs(), start, refuse })
      admit()
    })
    try {
      return await job()
    } finally {
      busy -= threads
      admit()
    }
  }
}

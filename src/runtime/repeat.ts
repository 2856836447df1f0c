import type { Logger } from 'pino'
import { describeFault } from './log.ts'

export interface Chore {
  readonly everyMs: number
  readonly work: () => Promise<unknown>
  /** What the log says when it fails; the next round tries again. */
  readonly complaint: string
}

export interface Repeating {
  /** Lets the round that is under way end, and starts no other. */
  readonly stop: () => Promise<void>
}

/** Does a chore again and again, one round after the other, until it is stopped. The first round comes after `everyMs`. */
export function repeat({ everyMs, work, complaint }: Chore, logger: Logger): Repeating {
  let stopped = false
  let underway: Promise<void> = Promise.resolve()
  let timer = setTimeout(start, everyMs)

  async function round(): Promise<void> {
    try {
      await work()
    } catch (fault) {
      logger.warn({ fault: describeFault(fault) }, complaint)
    }
    if (!stopped) timer = setTimeout(start, everyMs)
  }
  function start(): void {
    underway = round()
  }
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await underway
    },
  }
}

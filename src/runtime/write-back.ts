import type { Logger } from 'pino'
import { writeBackSessions } from '../core/tokens/write-back.ts'
import { describeFault } from './log.ts'
import type { Chore } from './repeat.ts'
import type { UpkeepParts } from './upkeep.ts'

export interface WriteBack {
  readonly chore: Chore
  /** Tries for the last time; what is not written then is lost with the process. */
  readonly finish: () => Promise<void>
}

const SECOND_MS = 1000
const complaint = 'sessions that were opened from memory could not be written yet'

/** Writes down what was opened while the database was away, as soon as it is back, and tells the log how it stands. */
export function createWriteBack(parts: UpkeepParts): WriteBack {
  const { memory, logger } = parts
  const { keptSessions } = memory
  let told = keptSessions.counts()
  let isTelling = false

  async function work(): Promise<void> {
    if (keptSessions.size() === 0 && told.kept === keptSessions.counts().kept) return
    if (!isTelling) {
      isTelling = true
      logger.warn('the database is away: API keys are exchanged from memory')
    }
    await writeBackSessions(parts)
    if (keptSessions.size() > 0) return
    told = tellWritten(logger, told, keptSessions.counts())
    isTelling = false
  }

  return {
    chore: { everyMs: SECOND_MS, work, complaint },
    async finish() {
      await work().catch((fault) => logger.warn({ fault: describeFault(fault) }, complaint))
      const lost = keptSessions.size()
      if (lost > 0) {
        logger.error(
          { sessions: lost },
          'sessions that were opened from memory are lost: they were never written',
        )
      }
    },
  }
}

type Counts = ReturnType<UpkeepParts['memory']['keptSessions']['counts']>

function tellWritten(logger: Logger, before: Counts, now: Counts): Counts {
  const [opened, ended] = [now.opened - before.opened, now.ended - before.ended]
  logger.info({ opened, ended }, 'the sessions that were opened from memory are written')
  return now
}

import type { MailStore } from '../../core/accounts/account-store.ts'
import type { Service } from '../../core/service.ts'
import type { BehindTheCounter } from '../../gateway/gateway.ts'
import type { Settings } from '../../settings/settings.ts'
import type { ProcessMemory } from '../memory.ts'
import type { OpenDatabase } from '../postgres.ts'
import type { Upkeep } from '../upkeep.ts'
import { askSeldom } from './ask-seldom.ts'
import type { Tallies } from './metrics.ts'
import { type MetricsServer, startMetrics } from './start-metrics.ts'

/** However many scrape, and however often. */
const ASK_EVERY_MS = 10_000

/** A scrape is given ten seconds, by most. */
const ANSWER_MAX_MS = 1000

interface Watched {
  readonly settings: Pick<Settings, 'metrics' | 'database'>
  readonly service: Service
  readonly memory: ProcessMemory
  readonly behind: BehindTheCounter
  readonly store: Pick<MailStore, 'outboxDepth'>
  readonly database: Pick<OpenDatabase, 'pool'>
  readonly upkeep: Upkeep
}

/** Lets operators see a gateway that is about to be ready; nothing where they did not ask to. @throws StartError */
export async function watchedBy(
  tallies: Tallies,
  { settings, service, memory, behind, store, database, upkeep }: Watched,
): Promise<MetricsServer | undefined> {
  if (settings.metrics === undefined) return undefined
  const outbox = askSeldom(() => store.outboxDepth(), { everyMs: ASK_EVERY_MS, deadlineMs: ANSWER_MAX_MS })
  const { pool } = database
  const { feedState } = upkeep
  const poolMax = settings.database?.poolMax
  return startMetrics(settings.metrics, {
    tallies,
    sources: { service, memory, behind, feedState, pool, poolMax, outbox },
  })
}

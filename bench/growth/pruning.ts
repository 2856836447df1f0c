import { exchangeAt } from '../jobs/exchange.ts'
import type { LoadFigures } from '../load/load.ts'
import type { MeasureParts } from '../measure.ts'
import { query } from '../postgres.ts'
import type { Stage } from '../stage.ts'
import { addSessions } from './filler.ts'

/** The exchange at half load, in slices of time, while the gateway prunes and while it does not. */
export interface PruningEffect {
  readonly slices: readonly PruningSlice[]
  readonly expiredRows: number
  readonly prunedRows: number
}

export interface PruningSlice {
  readonly second: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Whether sessions were deleted in this time. */
  readonly pruning: boolean
}

const SLICE_SECONDS = 2
/** The warm-up, and what tells how much half load is. */
const FULL_SECONDS = 3

/** Lets so many sessions have expired, and watches the rounds of pruning that take them away, one a minute. */
export async function measurePruning(stage: Stage, { load }: MeasureParts): Promise<PruningEffect> {
  if (!load.canPace) throw new Error('Pruning is watched at half load, which takes wrk.')
  const { expiredRows, pruneSeconds } = stage.plan.growth
  await stage.growing()
  const database = await stage.growingDatabase()
  const contender = { name: 'Guichet', ...exchangeAt(await stage.growing(), true) }
  const { requests } = contender.supply
  const full = await load.run({ contender, requests, seconds: FULL_SECONDS })
  await addSessions(database, { count: expiredRows, expiresIn: '-3 days' })
  const deletedBefore = await deletedSessions(database)
  const slices: PruningSlice[] = []
  let deleted = deletedBefore
  for (let second = 0; second < pruneSeconds; second += SLICE_SECONDS) {
    const run = { contender, requests, seconds: SLICE_SECONDS, rate: full.perSecond / 2 }
    const { p50Ms, p99Ms }: LoadFigures = await load.run(run)
    const deletedNow = await deletedSessions(database)
    slices.push({ second, p50Ms, p99Ms, pruning: deletedNow > deleted })
    deleted = deletedNow
  }
  return { slices, expiredRows, prunedRows: deleted - deletedBefore }
}

/** From the server's statistics: counting the rows would itself be the load that is looked for. */
async function deletedSessions(database: string): Promise<number> {
  const [row] = await query(
    database,
    "select n_tup_del::int as deleted from pg_stat_user_tables where relname = 'sessions'",
  )
  return Number(row?.['deleted'])
}

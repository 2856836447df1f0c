import { type Contender, isOwn } from './contender.ts'
import type { LoadFigures } from './load/load.ts'
import type { MeasureParts } from './measure.ts'
import { callsFor } from './prepare.ts'
import { cpuMicrosOf, rssMibOf } from './process-times.ts'

/** Before the first round nobody knows how many calls a second there will be. */
const FIRST_RATE = 4000
/** More calls are minted than will be made: a server may be faster than in the round before. */
const RATE_MARGIN = 1.4

/** What a contender did in one round, by itself. */
export interface Measured {
  readonly perSecond: number
  readonly saturated: LoadFigures
  readonly half: LoadFigures | undefined
  /** CPU time a call, in microseconds. */
  readonly appMicros: number
  readonly postgresMicros: number | undefined
  readonly rssMib: number
}

/** Measures a contender as hard as it goes, and then at half of that. */
export async function measureRound(
  contender: Contender,
  parts: MeasureParts,
  rateBefore: number = FIRST_RATE,
): Promise<Measured> {
  const { load, plan, postgresPid } = parts
  const { pids, usesPostgres } = contender
  const cpu = () => ({ app: cpuMicrosOf(pids), postgres: cpuMicrosOf([postgresPid]) })
  const seconds = plan.saturatedSeconds
  // Minted before the clocks are read: the one that mints shares PostgreSQL with the one that is measured.
  const requests = await callsFor(contender, rateBefore * seconds * RATE_MARGIN)
  const before = cpu()
  const saturated = await load.run({ contender, requests, seconds })
  const after = cpu()
  const { perSecond, completed } = saturated
  return {
    perSecond,
    saturated,
    half: await halfLoad(contender, parts, perSecond / 2),
    appMicros: (after.app - before.app) / completed,
    postgresMicros: usesPostgres ? (after.postgres - before.postgres) / completed : undefined,
    rssMib: rssMibOf(pids),
  }
}

/** Calls a second of the floor. */
export async function floorRate({ floor, load, plan }: MeasureParts): Promise<number> {
  const requests = await callsFor(floor, 1)
  return (await load.run({ contender: floor, requests, seconds: plan.saturatedSeconds })).perSecond
}

async function halfLoad(
  contender: Contender,
  { load, plan }: MeasureParts,
  rate: number,
): Promise<LoadFigures | undefined> {
  if (!load.canPace || (!plan.peersAtHalfLoad && !isOwn(contender))) return undefined
  const seconds = plan.halfLoadSeconds
  const requests = await callsFor(contender, rate * seconds * RATE_MARGIN)
  return load.run({ contender, requests, seconds, rate })
}

import { type Contender, type Job, type NotRun, reasonOf } from './contender.ts'
import type { Load } from './load/load.ts'
import { floorRate, type Measured, measureRound } from './measure-round.ts'
import type { Plan } from './plan.ts'
import { prepare, sample } from './prepare.ts'

/** What one contender did in one round. */
export interface Round extends Measured {
  /** Its calls a second, of those of the floor in the same round. */
  readonly ratio: number
}

export type Row = NotRun | { readonly name: string; readonly rounds: readonly Round[] }

export interface JobResult {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly floorPerSecond: readonly number[]
  readonly rows: readonly Row[]
}

export interface MeasureParts {
  readonly floor: Contender
  readonly load: Load
  readonly plan: Plan
  readonly postgresPid: number
}

/** A contender on its way through the rounds; once it has failed it is left out. */
interface Lane {
  readonly name: string
  readonly contender: Contender | undefined
  readonly measured: Measured[]
  why: string | undefined
}

/** Measures all contenders in turn, round by round, with the floor before and after each round. */
export async function measureJob(job: Job, parts: MeasureParts): Promise<JobResult> {
  const { name, title, description } = job
  const lanes = job.contenders.map(enterLane)
  await inTurn(lanes, (contender) => prepare(contender, parts))
  const floors: number[] = []
  if (lanes.some(({ why }) => why === undefined)) {
    floors.push(await floorRate(parts))
    for (let round = 0; round < parts.plan.rounds; round++) {
      await inTurn(lanes, async (contender, { measured }) => {
        measured.push(await measureRound(contender, parts, measured.at(-1)?.perSecond))
      })
      floors.push(await floorRate(parts))
    }
    await inTurn(lanes, sample)
  }
  return { name, title, description, floorPerSecond: floors, rows: lanes.map((lane) => rowOf(lane, floors)) }
}

function enterLane(entry: Contender | NotRun): Lane {
  const { name } = entry
  if ('why' in entry) return { name, contender: undefined, measured: [], why: entry.why }
  return { name, contender: entry, measured: [], why: undefined }
}

async function inTurn(
  lanes: readonly Lane[],
  work: (contender: Contender, lane: Lane) => Promise<void>,
): Promise<void> {
  for (const lane of lanes) {
    if (lane.contender === undefined || lane.why !== undefined) continue
    try {
      await work(lane.contender, lane)
    } catch (error) {
      lane.why = reasonOf(error)
    }
  }
}

/** The floor of a round is the mean of those before and after it: a machine that slows down slows both. */
function rowOf({ name, measured, why }: Lane, floors: readonly number[]): Row {
  if (why !== undefined) return { name, why }
  const rounds = measured.map((round, index) => {
    const floor = ((floors[index] ?? Number.NaN) + (floors[index + 1] ?? Number.NaN)) / 2
    return { ...round, ratio: round.perSecond / floor }
  })
  return { name, rounds }
}

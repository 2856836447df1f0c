import { type Contender, type HttpRequest, type Job, type NotRun, reasonOf } from './contender.ts'
import { inParallel } from './in-parallel.ts'
import type { Load, LoadFigures } from './load/load.ts'
import type { Plan } from './plan.ts'
import { cpuMicrosOf, rssMibOf } from './process-times.ts'
import { send } from './send.ts'

/** Answers that are read before and after each job, to be sure that the job is done. */
const SAMPLES = 5
/** Before the first measurement nobody knows how many calls a second there will be. */
const FIRST_RATE = 3000
const RATE_MARGIN = 1.4
const WARM_LANES = 32

/** What one contender did in one round. */
export interface Round {
  readonly perSecond: number
  /** Of the floor's calls a second in the same round. */
  readonly ratio: number
  readonly saturated: LoadFigures
  readonly half: LoadFigures | undefined
  readonly appMicros: number
  readonly postgresMicros: number | undefined
  readonly rssMib: number
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

/** Measures all contenders in turn, round by round, each round against the floor of that round. */
export async function measureJob(job: Job, parts: MeasureParts): Promise<JobResult> {
  const { plan, floor } = parts
  const rows = new Map<string, Round[] | NotRun>()
  const measurable: Contender[] = []
  for (const contender of job.contenders) {
    const notRun = 'why' in contender ? contender : await attempt(contender, () => prepare(contender, parts))
    rows.set(contender.name, notRun ?? [])
    if (notRun === undefined && 'origin' in contender) measurable.push(contender)
  }
  const floorPerSecond: number[] = []
  const last = new Map<string, number>()
  for (let round = 0; round < plan.rounds && measurable.length > 0; round++) {
    const { perSecond } = await parts.load.run({
      contender: floor,
      requests: await callsFor(floor, 1),
      seconds: plan.saturatedSeconds,
    })
    floorPerSecond.push(perSecond)
    for (const contender of measurable) {
      const rounds = rows.get(contender.name)
      if (!Array.isArray(rounds)) continue
      const failed = await attempt(contender, async () => {
        const measured = await measureRound(contender, parts, last.get(contender.name))
        last.set(contender.name, measured.perSecond)
        rounds.push({ ...measured, ratio: measured.perSecond / perSecond })
      })
      if (failed !== undefined) rows.set(contender.name, failed)
    }
  }
  for (const contender of measurable) {
    const failed = Array.isArray(rows.get(contender.name))
      ? await attempt(contender, () => sample(contender))
      : undefined
    if (failed !== undefined) rows.set(contender.name, failed)
  }
  const { name, title, description } = job
  return {
    ...{ name, title, description, floorPerSecond },
    rows: [...rows].map(([name, row]) => (Array.isArray(row) ? { name, rounds: row } : row)),
  }
}

async function measureRound(contender: Contender, parts: MeasureParts, guess: number | undefined) {
  const { load, plan, postgresPid } = parts
  const cpu = () => ({
    app: cpuMicrosOf(contender.pids),
    postgres: contender.usesPostgres ? cpuMicrosOf([postgresPid]) : undefined,
  })
  const seconds = plan.saturatedSeconds
  // Minted before the clocks are read: the one that mints shares PostgreSQL with the one that is measured.
  const requests = await callsFor(contender, (guess ?? FIRST_RATE) * seconds * RATE_MARGIN)
  const before = cpu()
  const saturated = await load.run({ contender, requests, seconds })
  const after = cpu()
  const { perSecond, completed } = saturated
  return {
    perSecond,
    saturated,
    half: await halfLoad(contender, parts, perSecond / 2),
    appMicros: (after.app - before.app) / completed,
    postgresMicros:
      after.postgres === undefined || before.postgres === undefined
        ? undefined
        : (after.postgres - before.postgres) / completed,
    rssMib: rssMibOf(contender.pids),
  }
}

async function halfLoad(
  contender: Contender,
  { load, plan }: MeasureParts,
  rate: number,
): Promise<LoadFigures | undefined> {
  const seconds = plan.halfLoadSeconds
  if (!load.canPace || seconds === 0) return undefined
  return load.run({
    contender,
    requests: await callsFor(contender, rate * seconds * RATE_MARGIN),
    seconds,
    rate,
  })
}

/** Sees that it does its job, sends each call once so that what can be warm is, and lets the compiler settle. */
async function prepare(contender: Contender, { load, plan }: MeasureParts): Promise<void> {
  await sample(contender)
  if (contender.supply.kind === 'again') {
    await inParallel(contender.supply.requests, WARM_LANES, (request) => send(contender.origin, request))
  }
  const seconds = plan.warmUpSeconds
  if (seconds === 0) return
  await load.run({ contender, requests: await callsFor(contender, FIRST_RATE * seconds), seconds })
}

async function sample(contender: Contender): Promise<void> {
  for (const request of (await callsFor(contender, SAMPLES)).slice(0, SAMPLES)) {
    const answer = await send(contender.origin, request)
    if (answer.status !== contender.expectedStatus) {
      const { path } = request
      const said = answer.text.slice(0, 80)
      throw new Error(`${path} answered ${answer.status} instead of ${contender.expectedStatus}: ${said}`)
    }
    const wrong = await contender.judge(answer)
    if (wrong !== undefined) throw new Error(`${request.path} answered wrongly: ${wrong}`)
  }
}

async function callsFor({ supply }: Contender, count: number): Promise<readonly HttpRequest[]> {
  return supply.kind === 'again' ? supply.requests : supply.mint(Math.ceil(count))
}

async function attempt(contender: Contender, work: () => Promise<void>): Promise<NotRun | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return { name: contender.name, why: reasonOf(error) }
  }
}

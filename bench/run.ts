import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchArguments } from './arguments.ts'
import { killChildren } from './child.ts'
import { reasonOf } from './contender.ts'
import { cores, movePids } from './cores.ts'
import { runGrowth } from './growth/run.ts'
import { watchOthers } from './interference.ts'
import { jobs } from './jobs/all.ts'
import { openLoad } from './load/open-load.ts'
import { describeMachine } from './machine.ts'
import { type JobResult, measureJob } from './measure.ts'
import { floorRate } from './measure-round.ts'
import { fullPlan, quickPlan } from './plan.ts'
import { jobTable } from './report.ts'
import { openStage, type Stage } from './stage.ts'
import { measureWorkers, type WorkerCosts } from './workers/run.ts'
import { workersTable } from './workers/section.ts'
import { writePage } from './write-page.ts'

/** Measures what was asked for, prints it, and writes the page. @throws Error when it is interrupted */
export async function runBench(wanted: BenchArguments): Promise<void> {
  // What this process does, and all that it starts unless told otherwise, stays off the measured core.
  movePids(cores.others, [process.pid])
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'guichet-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  // Listened for before anything is loaded whose own listeners are taken off.
  const interrupted = interruption()
  // Whichever comes first: the stack then takes away all that was started.
  await Promise.race([interrupted, measureAll(wanted, folder, stack)])
}

async function measureAll(
  { quick, jobs: wanted, workers: wantsWorkers, growth, write }: BenchArguments,
  folder: string,
  stack: AsyncDisposableStack,
): Promise<void> {
  const plan = quick ? quickPlan : fullPlan
  const startedAt = Date.now()
  const tell = (text: string) =>
    process.stdout.write(`[${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s] ${text}\n`)
  const others = watchOthers()
  const stage = await openStage(folder, plan, stack)
  const load = openLoad(folder)
  const parts = { floor: await stage.floor(), load, plan, postgresPid: stage.postgres.pid }
  tell(`PostgreSQL ${stage.postgres.version} and the floor are up; ${load.name} drives`)
  // The first measurement of the floor would otherwise count what the compiler does.
  await floorRate(parts)
  const results: JobResult[] = []
  for (const name of wanted) {
    tell(`${name}: preparing`)
    const job = await jobs[name](stage)
    tell(`${name}: measuring`)
    const result = await measureJob(job, parts)
    results.push(result)
    process.stdout.write(`\n${result.title}\n\n${jobTable(result)}\n\n`)
  }
  const workers = wantsWorkers ? await runWorkers(stage, tell) : undefined
  const grown = await runGrowth({ stage, parts, wanted: growth, tell })
  const othersShare = others()
  tell(`others took ${(othersShare * 100).toFixed(0)} % of the machine`)
  const seconds = (Date.now() - startedAt) / 1000
  const machine = await describeMachine(stage, load)
  const run = { date: new Date(), quick, plan, machine, results, workers, grown, seconds, othersShare }
  if (write) tell(`written: ${await writePage(run)}`)
  tell('done')
}

/** What keeps the Worker from running leaves the rest of the bench as it is. */
async function runWorkers(stage: Stage, tell: (text: string) => void): Promise<WorkerCosts | undefined> {
  tell('workers')
  try {
    const costs = await measureWorkers(stage)
    process.stdout.write(`\nWorkers\n\n${workersTable(costs)}\n\n`)
    return costs
  } catch (error) {
    tell(`workers was not run: ${reasonOf(error)}`)
    return undefined
  }
}

/** Never ends well: rejects when the bench is told to stop. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        killChildren()
        reject(new Error(`${signal}: the bench was stopped, with all that it had started.`))
      })
    }
  })
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchArguments } from './arguments.ts'
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
import { openStage } from './stage.ts'
import { writePage } from './write-page.ts'

/** Measures what was asked for, prints it, and writes the page. */
export async function runBench({ quick, jobs: wanted, growth, write }: BenchArguments): Promise<void> {
  const plan = quick ? quickPlan : fullPlan
  const startedAt = Date.now()
  const tell = (text: string) =>
    process.stdout.write(`[${String(Math.round((Date.now() - startedAt) / 1000)).padStart(4)} s] ${text}\n`)
  // What this process does, and all that it starts unless told otherwise, stays off the measured core.
  movePids(cores.others, [process.pid])
  const others = watchOthers()
  await using stack = new AsyncDisposableStack()
  stopOnSignals(stack)
  const folder = await mkdtemp(join(tmpdir(), 'guichet-bench-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
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
  const grown = await runGrowth({ stage, parts, wanted: growth, tell })
  const othersShare = others()
  tell(`others took ${(othersShare * 100).toFixed(0)} % of the machine`)
  const seconds = (Date.now() - startedAt) / 1000
  const machine = await describeMachine(stage, load)
  const run = { date: new Date(), quick, plan, machine, results, grown, seconds, othersShare }
  if (write) tell(`written: ${await writePage(run)}`)
  tell('done')
}

/** A bench that is interrupted takes everything that it started with it. */
function stopOnSignals(stack: AsyncDisposableStack): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write(`${signal}: stopping what was started\n`)
      void stack.disposeAsync().finally(() => process.exit(130))
    })
  }
}

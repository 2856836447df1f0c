import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { growthParts } from './growth/names.ts'
import type { Grown } from './growth/run.ts'
import { type KeptPart, type Measured, mergeParts, readParts } from './kept-parts.ts'
import type { Machine } from './machine.ts'
import type { JobResult } from './measure.ts'
import { pageText } from './page.ts'
import { partNames } from './part-names.ts'
import type { Plan } from './plan.ts'
import { growthPlots, jobPlot, type Plot } from './plots.ts'
import type { WorkerCosts } from './workers/run.ts'

/** A run of the bench, whole or in part. */
export interface BenchRun {
  readonly date: Date
  readonly quick: boolean
  readonly seconds: number
  /** What others took of the machine meanwhile, 0 to 1. */
  readonly othersShare: number
  readonly plan: Plan
  readonly machine: Machine
  readonly results: readonly JobResult[]
  /** Not there when it was not asked for, or could not be measured. */
  readonly workers: WorkerCosts | undefined
  readonly grown: Grown
}

const root = resolve(import.meta.dirname, '..')
const page = join(root, 'docs/benchmarks.md')
const plotsFolder = join(root, 'docs/benchmarks')
const partsFile = join(plotsFolder, 'measured.json')

/** Writes docs/benchmarks.md and its plots, with what earlier runs have measured of the rest, and answers its path. */
export async function writePage(run: BenchRun): Promise<string> {
  const parts = mergeParts(readParts(partsFile), partsOf(run), partNames)
  await rm(plotsFolder, { recursive: true, force: true })
  await mkdir(plotsFolder, { recursive: true })
  const plots: Plot[] = []
  for (const { measured } of parts) plots.push(...(await plotsOf(measured)))
  for (const { name, svg } of plots) await writeFile(join(plotsFolder, `${name}.svg`), svg)
  await writeFile(partsFile, `${JSON.stringify(parts)}\n`)
  await writeFile(page, pageText(parts, new Set(plots.map(({ name }) => name))))
  return relative(process.cwd(), page)
}

async function plotsOf(measured: Measured): Promise<readonly Plot[]> {
  if (measured.kind === 'job') return jobPlot(measured.job)
  return measured.kind === 'growth' ? growthPlots(measured.grown) : []
}

function partsOf(run: BenchRun): readonly KeptPart[] {
  const { date, quick, plan, machine, othersShare, results, workers, grown } = run
  const how = { date: date.toISOString().slice(0, 10), quick, rounds: plan.rounds, othersShare, machine }
  return [
    ...results.map((job) => ({ ...how, name: job.name, measured: { kind: 'job', job } as const })),
    ...(workers === undefined
      ? []
      : [
          {
            ...how,
            name: 'workers',
            rounds: plan.workers.rounds,
            measured: { kind: 'workers', workers } as const,
          },
        ]),
    ...growthParts
      .filter((name) => grown[name] !== undefined)
      .map((name) => ({
        ...how,
        name,
        measured: { kind: 'growth', grown: { [name]: grown[name] } } as const,
      })),
  ]
}

import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Grown } from './growth/run.ts'
import type { Machine } from './machine.ts'
import type { JobResult } from './measure.ts'
import { pageText } from './page.ts'
import type { Plan } from './plan.ts'
import { growthPlots, jobPlot, type Plot } from './plots.ts'

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
  readonly grown: Grown
}

const root = resolve(import.meta.dirname, '..')
const page = join(root, 'docs/benchmarks.md')
const plotsFolder = join(root, 'docs/benchmarks')

/** Writes docs/benchmarks.md and its plots, and answers the page's path. */
export async function writePage(run: BenchRun): Promise<string> {
  await rm(plotsFolder, { recursive: true, force: true })
  await mkdir(plotsFolder, { recursive: true })
  const plots: Plot[] = []
  for (const result of run.results) plots.push(...(await jobPlot(result)))
  plots.push(...(await growthPlots(run.grown)))
  for (const { name, svg } of plots) await writeFile(join(plotsFolder, `${name}.svg`), svg)
  await writeFile(page, pageText(run, new Set(plots.map(({ name }) => name))))
  return relative(process.cwd(), page)
}

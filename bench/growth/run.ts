import { type NotRun, reasonOf } from '../contender.ts'
import type { MeasureParts } from '../measure.ts'
import type { Stage } from '../stage.ts'
import { type MemoryGrowth, measureMemory } from './memory.ts'
import type { GrowthPart } from './names.ts'
import { measurePruning, type PruningEffect } from './pruning.ts'
import { measureRows, type RowGrowth } from './rows.ts'
import { measureStart, type StartTimes } from './start.ts'

/** What was measured of growth; a part that was not asked for is not there. */
export interface Grown {
  readonly rows: readonly RowGrowth[] | undefined
  readonly pruning: PruningEffect | undefined
  readonly memory: MemoryGrowth | undefined
  readonly start: StartTimes | undefined
  /** Parts that were asked for and could not be measured. */
  readonly notRun: readonly NotRun[]
}

export interface GrowthParts {
  readonly stage: Stage
  readonly parts: MeasureParts
  readonly wanted: readonly GrowthPart[]
  readonly tell: (text: string) => void
}

/** Runs the parts of growth that were asked for, one after the other. */
export async function runGrowth({ stage, parts, wanted, tell }: GrowthParts): Promise<Grown> {
  const notRun: NotRun[] = []
  const part = async <Measured>(name: GrowthPart, measure: () => Promise<Measured>) => {
    if (!wanted.includes(name)) return undefined
    tell(`growth, ${name}`)
    try {
      return await measure()
    } catch (error) {
      notRun.push({ name, why: reasonOf(error) })
      tell(`growth, ${name} was not run: ${reasonOf(error)}`)
      return undefined
    }
  }
  return {
    start: await part('start', () => measureStart(stage)),
    memory: await part('memory', () => measureMemory(stage)),
    rows: await part('rows', () => measureRows(stage, parts)),
    // Last: its rows are many, and some are there still when it ends.
    pruning: await part('pruning', () => measurePruning(stage, parts)),
    notRun,
  }
}

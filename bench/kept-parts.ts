import { existsSync, readFileSync } from 'node:fs'
import type { Grown } from './growth/run.ts'
import type { Machine } from './machine.ts'
import type { JobResult } from './measure.ts'
import type { WorkerCosts } from './workers/run.ts'

/** One job, the Worker or one part of growth as it was last measured, and how. A whole run takes an hour: parts may be of other hours. */
export interface KeptPart {
  readonly name: string
  /** The day, as `2026-01-31`. */
  readonly date: string
  readonly quick: boolean
  readonly rounds: number
  /** What others took of the machine meanwhile, 0 to 1. */
  readonly othersShare: number
  readonly machine: Machine
  readonly measured: Measured
}

export type Measured =
  | { readonly kind: 'job'; readonly job: JobResult }
  | { readonly kind: 'workers'; readonly workers: WorkerCosts }
  | { readonly kind: 'growth'; readonly grown: Partial<Grown> }

/** What earlier runs have left at a path, replaced where this run has measured the same, in the order of `names`. */
export function mergeParts(
  kept: readonly KeptPart[],
  fresh: readonly KeptPart[],
  names: readonly string[],
): readonly KeptPart[] {
  const byName = new Map([...kept, ...fresh].map((part) => [part.name, part]))
  return names.flatMap((name) => byName.get(name) ?? [])
}

/** Reads the parts of earlier runs; none where there was no run. */
export function readParts(path: string): readonly KeptPart[] {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
}

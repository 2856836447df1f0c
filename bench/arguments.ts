import { parseArgs } from 'node:util'
import { type GrowthPart, growthParts } from './growth/names.ts'
import { type JobName, jobNames } from './jobs/names.ts'
import { partNames } from './part-names.ts'

export interface BenchArguments {
  readonly quick: boolean
  readonly jobs: readonly JobName[]
  /** Whether the Worker is measured, in workerd. */
  readonly workers: boolean
  readonly growth: readonly GrowthPart[]
  /** Whether docs/benchmarks.md is written. Only a whole run does so by itself. */
  readonly write: boolean
}

export const usage = `npm run bench [-- --quick] [--growth] [--only NAME,NAME] [--write]

  --quick   short rounds, without the Worker and growth: shows that all works, in less than two minutes
  --growth  the growth parts too, in a quick run; alone they are --only growth
  --only    some of: ${partNames.join(', ')}, growth
  --write   write docs/benchmarks.md also when the run is quick or partial
`

/** Reads the command line. @throws Error that says what is wrong with it */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      growth: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  })
  const { quick, only } = values
  const wanted: readonly string[] | undefined = only
    ?.split(',')
    .flatMap((name) => (name === 'growth' ? [...growthParts] : [name]))
  const known: readonly string[] = partNames
  const unknown = wanted?.filter((name) => !known.includes(name)) ?? []
  if (unknown.length > 0) throw new Error(`There is no ${unknown.join(', ')}.\n\n${usage}`)
  const growthByDefault = !quick || values.growth ? [...growthParts] : []
  return {
    quick,
    jobs: jobNames.filter((name) => wanted?.includes(name) ?? true),
    workers: wanted?.includes('workers') ?? !quick,
    growth: growthParts.filter((name) => wanted?.includes(name) ?? growthByDefault.includes(name)),
    write: values.write || (!quick && wanted === undefined),
  }
}

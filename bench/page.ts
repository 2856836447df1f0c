import type { PruningEffect } from './growth/pruning.ts'
import type { RowGrowth } from './growth/rows.ts'
import type { Grown } from './growth/run.ts'
import { QUIET_MAX } from './interference.ts'
import type { KeptPart, Measured } from './kept-parts.ts'
import type { JobResult, Row } from './measure.ts'
import { figuresOf, jobTable, millis, ratioText, table, whole } from './report.ts'
import { median, quantile } from './statistics.ts'
import { workersSection } from './workers/section.ts'

/** The page, in Markdown. `plots` names those that there are. */
export function pageText(parts: readonly KeptPart[], plots: ReadonlySet<string>): string {
  const plot = (name: string, alt: string) => (plots.has(name) ? [`![${alt}](benchmarks/${name}.svg)`] : [])
  const sections = parts.flatMap((part) => {
    return [...sectionOf(part.measured, plot), howMeasured(part)]
  })
  return `${[...introduction, ...sections, ...machineSection(parts)].join('\n\n')}\n`
}

const introduction = [
  '# Benchmarks',
  'Written by `npm run bench`. How and why it is measured so: [decision 0033](decisions/0033-ratios-to-a-floor.md).',
  [
    '- **Compare ratios.** The floor is a bare Hono GET on the same Node and core, measured in the same rounds; calls a second change with the machine and the hour.',
    '- Each server is one process on one core; PostgreSQL, the load and the upstream share another. Figures are medians of the rounds.',
    '- Guichet runs as in production: every middleware, its log in a file, durable commits. The limits are off, but for the Worker. The peers write no log, which favours them.',
    '- Saturated: 64 calls under way at once. Half load: half of those calls a second, at random moments, over 128 connections.',
    '- ES256 everywhere, unless the row says otherwise. RSS is that of the server after its load.',
    '- A contender is measured only if its answers are right before and after, and every answer in between has the right status.',
  ].join('\n'),
]

function sectionOf(
  measured: Measured,
  plot: (name: string, alt: string) => readonly string[],
): readonly string[] {
  if (measured.kind === 'job') return jobSection(measured.job, plot)
  if (measured.kind === 'workers') return workersSection(measured.workers)
  return growthSections(measured.grown, plot)
}

function howMeasured({ date, quick, rounds, othersShare, machine }: KeptPart): string {
  const kind = quick
    ? '**A quick run**: short rounds, to show that everything works. Its figures are not worth quoting.'
    : `${rounds} rounds of each contender, in turn.`
  const share = `${(othersShare * 100).toFixed(0)} %`
  const noise =
    othersShare > QUIET_MAX
      ? `**The machine was not quiet**: others took ${share} of it, and these figures are noise.`
      : `Others took ${share} of the machine meanwhile.`
  return `Measured on ${date} at ${machine.guichet}. ${kind} ${noise}`
}

function jobSection(
  result: JobResult,
  plot: (name: string, alt: string) => readonly string[],
): readonly string[] {
  const { name, title, description } = result
  return [`## ${title}`, description, jobTable(result), ...plot(name, `${title}: ratios to the floor`)]
}

function growthSections(
  { rows, pruning, memory, start }: Partial<Grown>,
  plot: (name: string, alt: string) => readonly string[],
): readonly string[] {
  return [
    ...(rows === undefined
      ? []
      : [
          '## Growth: rows',
          'Filler rows beside the keys that are used: drawn ids, and digests that no key has.',
          table(
            [
              'Keys / sessions',
              'Exchange: ratio',
              'p50 at half load, ms',
              'PostgreSQL µs',
              'Refresh: ratio',
              'p50 at half load, ms',
              'PostgreSQL µs',
            ],
            rows.map(rowGrowth),
          ),
        ]),
    ...(pruning === undefined
      ? []
      : ['## Growth: pruning', ...pruningText(pruning), ...plot('pruning', 'p99 over time')]),
    ...(memory === undefined
      ? []
      : [
          '## Growth: memory',
          `${whole(memory.samples.at(-1)?.calls ?? 0)} different keys, each exchanged once and its token used once, on a gateway that has just started.`,
          table(
            ['Keys and tokens so far', 'RSS MiB'],
            [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
              const sample = memory.samples[Math.round(share * (memory.samples.length - 1))]
              return sample === undefined ? [] : [[whole(sample.calls), whole(sample.rssMib)]]
            }),
          ),
          ...plot('memory', 'RSS over keys and tokens'),
        ]),
    ...(start === undefined
      ? []
      : [
          '## Start',
          `From the start of the process to ready, on PostgreSQL: ${whole(start.usedMs)} ms (median of ${start.starts}); on an empty database, with its migrations, ${whole(start.emptyMs)} ms.`,
        ]),
  ]
}

function rowGrowth({ keys, sessions, exchange, refresh }: RowGrowth): readonly string[] {
  const cells = (row: Row) => {
    if ('why' in row) return [`not run: ${row.why}`, '–', '–']
    const { ratio, half, postgresMicros } = figuresOf(row.rounds)
    return [ratioText(ratio), half === undefined ? '–' : millis(half.p50Ms), whole(postgresMicros ?? 0)]
  }
  return [`${whole(keys)} / ${whole(sessions)}`, ...cells(exchange), ...cells(refresh)]
}

function pruningText({ slices, expiredRows, prunedRows }: PruningEffect): readonly string[] {
  const line = (name: string, of: typeof slices) => {
    if (of.length === 0) return [name, '0', '–', '–', '–']
    const p99s = of.map(({ p99Ms }) => p99Ms)
    const p50 = median(of.map(({ p50Ms }) => p50Ms))
    return [name, String(of.length), millis(p50), millis(median(p99s)), millis(quantile(p99s, 1))]
  }
  return [
    `${whole(expiredRows)} expired sessions, of which ${whole(prunedRows)} were pruned under exchanges at half load. Each slice is two seconds.`,
    table(
      ['', 'Slices', 'p50, ms', 'p99, ms', 'Worst p99, ms'],
      [
        line(
          'while pruning',
          slices.filter(({ pruning }) => pruning),
        ),
        line(
          'otherwise',
          slices.filter(({ pruning }) => !pruning),
        ),
      ],
    ),
  ]
}

/** Of the part that was measured last. */
function machineSection(parts: readonly KeptPart[]): readonly string[] {
  const last = parts.reduce<KeptPart | undefined>(
    (best, part) => (best === undefined || part.date >= best.date ? part : best),
    undefined,
  )
  if (last === undefined) return []
  return [
    '## Machine and versions',
    last.machine.facts.map(([name, value]) => `- ${name}: ${value}`).join('\n'),
    `Packages: ${last.machine.packages.join(', ')}.`,
  ]
}

import { parse, type Spec, View } from 'vega'
import { type Config, compile, type TopLevelSpec } from 'vega-lite'
import { isOwn } from './contender.ts'
import type { Grown } from './growth/run.ts'
import type { JobResult } from './measure.ts'
import { figuresOf } from './report.ts'

export interface Plot {
  /** Of its file, without the ending. */
  readonly name: string
  readonly svg: string
}

const WIDTH = 520
/** Readable on a light and on a dark page. */
const look: Config = { background: 'white', font: 'sans-serif' }

/** Calls a second as ratios to the floor, a bar a contender; none when nothing was measured. */
export async function jobPlot({ name, rows }: JobResult): Promise<readonly Plot[]> {
  const values = rows.flatMap((row) =>
    'why' in row || row.rounds.length === 0
      ? []
      : [{ contender: row.name, ratio: figuresOf(row.rounds).ratio, own: isOwn(row) }],
  )
  if (values.length === 0) return []
  const y = {
    field: 'contender',
    type: 'nominal',
    sort: null,
    title: null,
    axis: { labelLimit: 0 },
  } as const
  const x = { field: 'ratio', type: 'quantitative', title: 'calls a second, ratio to the floor' } as const
  const spec: TopLevelSpec = {
    width: WIDTH,
    height: { step: 26 },
    data: { values },
    encoding: { y, x },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          color: {
            field: 'own',
            type: 'nominal',
            scale: { domain: [true, false], range: ['#1f6feb', '#9aa4b2'] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: { text: { field: 'ratio', type: 'quantitative', format: '.2~r' } },
      },
    ],
  }
  return [{ name, svg: await draw(spec) }]
}

/** The lines of what grows. */
export async function growthPlots({ pruning, memory }: Partial<Grown>): Promise<readonly Plot[]> {
  const plots: Plot[] = []
  if (memory !== undefined) {
    const x = { field: 'calls', type: 'quantitative', title: 'different keys and tokens so far' } as const
    const y = { field: 'rssMib', type: 'quantitative', title: 'RSS, MiB' } as const
    plots.push({ name: 'memory', svg: await draw(line([...memory.samples], { x, y })) })
  }
  if (pruning !== undefined) {
    const slices = pruning.slices.map((slice) => ({
      ...slice,
      pruning: slice.pruning ? 'while pruning' : 'otherwise',
    }))
    const x = { field: 'second', type: 'quantitative', title: 'seconds' } as const
    const y = { field: 'p99Ms', type: 'quantitative', title: 'exchange p99, ms' } as const
    const color = { field: 'pruning', type: 'nominal', title: null } as const
    plots.push({ name: 'pruning', svg: await draw(line(slices, { x, y, color })) })
  }
  return plots
}

function line(values: object[], encoding: object): TopLevelSpec {
  return {
    width: WIDTH,
    height: 220,
    data: { values },
    layer: [
      { mark: 'line', encoding: { ...encoding, color: { value: '#9aa4b2' } } },
      { mark: 'point', encoding },
    ],
  } as TopLevelSpec
}

/** Draws without a browser. */
async function draw(spec: TopLevelSpec): Promise<string> {
  const compiled: Spec = compile(spec, { config: look }).spec
  return `${await new View(parse(compiled), { renderer: 'none' }).toSVG()}\n`
}

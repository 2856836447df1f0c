import type { JobResult, Round } from './measure.ts'
import { median } from './statistics.ts'

/** The medians of a contender's rounds. Times in milliseconds and, of CPU, microseconds a call. */
export interface Figures {
  readonly perSecond: number
  readonly ratio: number
  readonly half: Latency | undefined
  readonly saturated: Latency
  readonly appMicros: number
  readonly postgresMicros: number | undefined
  readonly rssMib: number
}

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** @throws RangeError for no rounds */
export function figuresOf(rounds: readonly Round[]): Figures {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick))
  const halves = rounds.flatMap(({ half }) => half ?? [])
  const postgres = rounds.flatMap(({ postgresMicros }) => postgresMicros ?? [])
  return {
    perSecond: of(({ perSecond }) => perSecond),
    ratio: of(({ ratio }) => ratio),
    half: halves.length === 0 ? undefined : latencyOf(halves),
    saturated: latencyOf(rounds.map(({ saturated }) => saturated)),
    appMicros: of(({ appMicros }) => appMicros),
    postgresMicros: postgres.length === 0 ? undefined : median(postgres),
    rssMib: of(({ rssMib }) => rssMib),
  }
}

const headings = [
  '',
  'Calls/s',
  'Ratio to the floor',
  'Half load p50 / p99, ms',
  'Saturated p50 / p99, ms',
  'CPU µs a call',
  'PostgreSQL CPU µs a call',
  'RSS MiB',
]

/** The table of a job, in Markdown. A contender that was not measured has its reason instead of figures. */
export function jobTable({ floorPerSecond, rows }: JobResult): string {
  const floor =
    floorPerSecond.length === 0 ? [] : [['floor', whole(median(floorPerSecond)), '1.00', '', '', '', '', '']]
  const lines = rows.map((row) => {
    if ('why' in row) return [row.name, `not run: ${asCell(row.why)}`, '', '', '', '', '', '']
    const { perSecond, ratio, half, saturated, appMicros, postgresMicros, rssMib } = figuresOf(row.rounds)
    return [
      row.name,
      whole(perSecond),
      ratioText(ratio),
      half === undefined ? '–' : latencyText(half),
      latencyText(saturated),
      whole(appMicros),
      postgresMicros === undefined ? '–' : whole(postgresMicros),
      whole(rssMib),
    ]
  })
  return table(headings, [...floor, ...lines])
}

/** A table in Markdown; figures stand to the right. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = heading.map((_, index) => (index === 0 ? '---' : '---:'))
  return [line(heading), `|${rule.join('|')}|`, ...rows.map(line)].join('\n')
}

/** 12,345 */
export const whole = (value: number) => Math.round(value).toLocaleString('en-US')

/** Two significant digits at least: 0.0061, 0.17, 1.12 */
export const ratioText = (ratio: number) => (ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2))

const latencyText = ({ p50Ms, p99Ms }: Latency) => `${millis(p50Ms)} / ${millis(p99Ms)}`

/** Three significant digits, and no more than hundredths. */
export const millis = (ms: number) => (ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : whole(ms))

const latencyOf = (all: readonly Latency[]): Latency => ({
  p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
})

const asCell = (text: string) => text.replaceAll('|', '\\|').slice(0, 160)

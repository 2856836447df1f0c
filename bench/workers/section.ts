import { table } from '../report.ts'
import type { CpuCost } from './cpu-cost.ts'
import type { WorkerCosts, WorkerRow } from './run.ts'

/** The section of the page, in Markdown. */
export function workersSection(costs: WorkerCosts): readonly string[] {
  return [
    '## Workers',
    [
      'The bundle that `npm run deploy` uploads, in a workerd with nothing else in it, on the same PostgreSQL. The limits are on.',
      '',
      '- **Known**: an isolate remembers the keys that it has exchanged in the last five seconds, and every token that it has verified.',
      `- **CPU ms a call**: user and system time of the whole workerd process on this machine, one call at a time and ${costs.lanes} at once. It has the connections, HTTP and the garbage collector in it, and is not what Cloudflare's own meter says.`,
      '- **Round trips**: how often PostgreSQL was ready again, read from its messages on the way; the median over calls made one by one. Those before the answer are what a call waits for; those after it write what the call has left.',
      '- **Set-up**: connections a call opens, and the round trips until they can be used. Behind Hyperdrive a Worker has these with Hyperdrive nearby, not with the database.',
    ].join('\n'),
    workersTable(costs),
  ]
}

/** A line for each call; one that was not measured has its reason instead of figures. */
export function workersTable({ lanes, rows }: WorkerCosts): string {
  return table(
    [
      '',
      'CPU ms, one at a time',
      `CPU ms, ${lanes} at once`,
      'Round trips before the answer',
      'after it',
      `both, ${lanes} at once (mean)`,
      'Connections',
      'their set-up, round trips',
    ],
    rows.map(line),
  )
}

function line(row: WorkerRow): readonly string[] {
  if ('why' in row) return [row.name, `not run: ${row.why.replaceAll('|', '\\|')}`, '', '', '', '', '', '']
  const { cpu, database } = row.cost
  const { before, after, connections, setUp } = database
  return [
    row.name,
    ...(cpu === undefined ? ['–', '–'] : [cpuMs(cpu.alone), cpuMs(cpu.crowded)]),
    String(before),
    String(after),
    cpu === undefined ? '–' : (cpu.crowded.queryTrips / cpu.crowded.calls).toFixed(2),
    String(connections),
    String(setUp),
  ]
}

const cpuMs = ({ cpuMicros, calls }: CpuCost) => (cpuMicros / 1000 / calls).toFixed(2)

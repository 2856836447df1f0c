import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts the times of processes in hundredths of a second, whatever its own clock does. */
const TICK_MICROS = 10_000
const PAGE_MIB = 4096 / 1024 / 1024

interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly cpuMicros: number
  readonly rssMib: number
}

/** The processes and all that they started. */
export function withDescendants(roots: readonly number[]): readonly number[] {
  return tree(roots).map(({ pid }) => pid)
}

/** The CPU time that processes and all that they started have used, in microseconds. */
export function cpuMicrosOf(roots: readonly number[]): number {
  return tree(roots).reduce((sum, { cpuMicros }) => sum + cpuMicros, 0)
}

/** The memory that processes and all that they started hold, in MiB. */
export function rssMibOf(roots: readonly number[]): number {
  return tree(roots).reduce((sum, { rssMib }) => sum + rssMib, 0)
}

function tree(roots: readonly number[]): readonly ProcessStat[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(name) : []))
  const found = new Set(roots)
  // A child may stand before its parent: look until nothing is added.
  for (let before = -1; before !== found.size; ) {
    before = found.size
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid)
  }
  return all.filter(({ pid }) => found.has(pid))
}

function readStat(name: string): readonly ProcessStat[] {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'utf8')
    // The second field is the program's name in parentheses, which may hold spaces.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const field = (number: number) => Number(fields[number - 3])
    // With the times of children that have ended: 14 to 17 in proc_pid_stat(5); 24 is the resident pages.
    const ticks = field(14) + field(15) + field(16) + field(17)
    const stat = { pid: Number(name), parent: field(4), cpuMicros: ticks * TICK_MICROS }
    return [{ ...stat, rssMib: field(24) * PAGE_MIB }]
  } catch {
    // It ended while we looked.
    return []
  }
}

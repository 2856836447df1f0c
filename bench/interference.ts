import { readFileSync } from 'node:fs'
import { cpuMicrosOf } from './process-times.ts'

const TICK_MICROS = 10_000

/** Above this share the page warns its reader. */
export const QUIET_MAX = 0.05

/**
 * Begins to watch what others do on this machine; the answer is the share of all cores that they took meanwhile, 0 to 1.
 * It counts time that a host took from a virtual machine too.
 */
export function watchOthers(): () => number {
  const before = { ...machineMicros(), own: cpuMicrosOf([process.pid]) }
  return () => {
    const after = { ...machineMicros(), own: cpuMicrosOf([process.pid]) }
    const others = after.busy - before.busy - (after.own - before.own)
    return Math.max(0, others / (after.all - before.all))
  }
}

/** The first line of proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; the rest is in user already. */
function machineMicros(): { readonly all: number; readonly busy: number } {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  const ticks = line.split(/\s+/).slice(1, 9).map(Number)
  const all = ticks.reduce((sum, value) => sum + value, 0)
  const [, , , idle = 0, waiting = 0] = ticks
  return { all: all * TICK_MICROS, busy: (all - idle - waiting) * TICK_MICROS }
}

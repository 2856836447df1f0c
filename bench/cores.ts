import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { programPath } from './program-path.ts'

/** Who is measured has a core of its own; PostgreSQL, the load and the upstream share the other one. */
export const cores = { measured: 0, others: 1 } as const

export type Core = (typeof cores)[keyof typeof cores]

/** Whether processes can be kept apart here. Without it the figures say nothing, and the page says so. */
export const canPin = availableParallelism() > 1 && programPath('taskset') !== undefined

/** The command that runs another one on one core alone. */
export function pinned(core: Core, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(core), ...command] : command
}

/** Moves processes that run already, with all their threads. */
export function movePids(core: Core, pids: readonly number[]): void {
  if (!canPin) return
  for (const pid of pids) execFileSync('taskset', ['-a', '-c', '-p', String(core), String(pid)])
}

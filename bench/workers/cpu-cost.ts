import { setTimeout as pause } from 'node:timers/promises'
import type { Contender } from '../contender.ts'
import { inParallel } from '../in-parallel.ts'
import { callsFor } from '../prepare.ts'
import { cpuMicrosOf } from '../process-times.ts'
import { send } from '../send.ts'
import type { PostgresRelay } from './postgres-relay.ts'

/** What many calls took together. */
export interface CpuCost {
  readonly calls: number
  /** User and system time of the whole process, to a hundredth of a second. */
  readonly cpuMicros: number
  /** Round trips after the set-up of connections, before and after the answers. */
  readonly queryTrips: number
}

/** What follows the last answer may need a connection that is not there yet. */
const AFTERMATH_MS = 20

/** Makes so many calls, `lanes` at a time, to the end of what they leave to be written. @throws Error for another status */
export async function measureCpu(
  contender: Contender,
  relay: PostgresRelay,
  { calls, lanes }: { readonly calls: number; readonly lanes: number },
): Promise<CpuCost> {
  const { origin, pids, expectedStatus } = contender
  const supply = await callsFor(contender, calls)
  const requests = Array.from({ length: calls }, (_, index) => supply[index % supply.length])
  await relay.settled()
  const before = { cpu: cpuMicrosOf(pids), trips: relay.count().queryTrips }
  await inParallel(requests, lanes, async (request) => {
    if (request === undefined) return
    const { status, text } = await send(origin, request)
    if (status !== expectedStatus) throw new Error(`${request.path} answered ${status}: ${text.slice(0, 80)}`)
  })
  await pause(AFTERMATH_MS)
  await relay.settled()
  return {
    calls,
    cpuMicros: cpuMicrosOf(pids) - before.cpu,
    queryTrips: relay.count().queryTrips - before.trips,
  }
}

/** Of several rounds together: one alone would be too short for the clock of a process. */
export function together(costs: readonly CpuCost[]): CpuCost {
  return costs.reduce(
    (sum, { calls, cpuMicros, queryTrips }) => ({
      calls: sum.calls + calls,
      cpuMicros: sum.cpuMicros + cpuMicros,
      queryTrips: sum.queryTrips + queryTrips,
    }),
    { calls: 0, cpuMicros: 0, queryTrips: 0 },
  )
}

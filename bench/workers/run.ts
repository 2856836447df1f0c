import { setTimeout as pause } from 'node:timers/promises'
import { type Contender, type NotRun, reasonOf } from '../contender.ts'
import { sharedSettings } from '../gateway.ts'
import { callsFor, sample } from '../prepare.ts'
import { send } from '../send.ts'
import type { Stage } from '../stage.ts'
import { trustedCallers, verifySeen, workerCalls } from './calls.ts'
import { type CpuCost, measureCpu, together } from './cpu-cost.ts'
import { countTrips, type DatabaseCost } from './database-cost.ts'
import { type PostgresRelay, startPostgresRelay } from './postgres-relay.ts'
import { startWorkerd } from './workerd.ts'

/** What calls cost at the Worker, in workerd. */
export interface WorkerCosts {
  /** So many calls were under way at once, where not one at a time. */
  readonly lanes: number
  readonly rows: readonly WorkerRow[]
}

export type WorkerRow = NotRun | { readonly name: string; readonly cost: WorkerCost }

export interface WorkerCost {
  readonly database: DatabaseCost
  /** None for calls of which there are too few. */
  readonly cpu: { readonly alone: CpuCost; readonly crowded: CpuCost } | undefined
}

/** A call on its way through the rounds; once it has failed it is left out. */
interface Lane {
  readonly call: Contender
  readonly alone: CpuCost[]
  readonly crowded: CpuCost[]
  database: DatabaseCost | undefined
  why: string | undefined
}

const LANES = 8

/** An isolate looks for revocations when what it knows is five seconds old. */
const REST_MS = 5500

/** Starts the Worker on the first gateway's database and measures every call, round by round in turn. */
export async function measureWorkers(stage: Stage): Promise<WorkerCosts> {
  await using stack = new AsyncDisposableStack()
  const { folder, plan } = stage
  // Before anything else: the first gateway makes the tables.
  await stage.onPostgres()
  const relay = await startPostgresRelay(await stage.database())
  stack.defer(() => relay.stop())
  const upstream = await stage.upstream()
  const workerd = await startWorkerd({
    folder,
    databaseUrl: relay.url,
    settings: { ...sharedSettings, UPSTREAM_URL: upstream.origin, TRUSTED_PROXIES: trustedCallers },
  })
  stack.defer(() => workerd.stop())

  const calls = await workerCalls(stage, workerd)
  const first = await lonelyCall('Exchange, first call of an isolate', calls[0], relay)
  const lanes: readonly Lane[] = calls.map((call) => ({
    call,
    alone: [],
    crowded: [],
    database: undefined,
    why: undefined,
  }))
  await inTurn(lanes, async ({ call }) => {
    await sample(call)
    // Warms what can be warm, and lets the compiler settle.
    await measureCpu(call, relay, { calls: plan.workers.calls, lanes: LANES })
  })
  for (let round = 0; round < plan.workers.rounds; round++) {
    await inTurn(lanes, async ({ call, alone, crowded }) => {
      alone.push(await measureCpu(call, relay, { calls: plan.workers.calls, lanes: 1 }))
      crowded.push(await measureCpu(call, relay, { calls: plan.workers.calls, lanes: LANES }))
    })
  }
  await inTurn(lanes, async (lane) => {
    const { call } = lane
    const requests = (await callsFor(call, plan.workers.counted)).slice(0, plan.workers.counted)
    // What the isolate is to know may have been forgotten since.
    if (call.supply.kind === 'again') for (const request of requests) await send(call.origin, request)
    lane.database = await countTrips(relay, call.origin, requests)
    await sample(call)
  })
  const seenToken = calls.find(({ name }) => name === verifySeen)
  await pause(REST_MS)
  const rested = await lonelyCall('Verify, first call after five seconds', seenToken, relay)
  return { lanes: LANES, rows: [...lanes.map(rowOf), rested, first] }
}

async function inTurn(lanes: readonly Lane[], work: (lane: Lane) => Promise<void>): Promise<void> {
  for (const lane of lanes) {
    if (lane.why !== undefined) continue
    try {
      await work(lane)
    } catch (error) {
      lane.why = reasonOf(error)
    }
  }
}

/** One call alone: its round trips say enough, and there is no second one like it. */
async function lonelyCall(
  name: string,
  call: Contender | undefined,
  relay: PostgresRelay,
): Promise<WorkerRow> {
  try {
    if (call === undefined) throw new Error('there is no such call')
    const requests = (await callsFor(call, 1)).slice(0, 1)
    return { name, cost: { database: await countTrips(relay, call.origin, requests), cpu: undefined } }
  } catch (error) {
    return { name, why: reasonOf(error) }
  }
}

function rowOf({ call: { name }, alone, crowded, database, why }: Lane): WorkerRow {
  if (why !== undefined || database === undefined) return { name, why: why ?? 'it was not counted' }
  return { name, cost: { database, cpu: { alone: together(alone), crowded: together(crowded) } } }
}

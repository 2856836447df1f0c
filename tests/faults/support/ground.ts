import { execFile } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, vi } from 'vitest'
import { call } from '../../support/call.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { type OwnPostgres, type OwnPostgresOptions, startOwnPostgres } from '../../support/own-postgres.ts'
import {
  acceptedAfterRevocation,
  doubleUses,
  type FaultWindow,
  hastyRefusals,
  lateAnswers,
  mixedIdentities,
  recoveryMs,
  wrongFaults,
  wrongRefusals,
} from './checkers.ts'
import { type Load, startLoad } from './load.ts'
import { lostWrites } from './lost-writes.ts'
import { tellMs } from './measured.ts'
import {
  durationsMs,
  nowMs,
  type Operation,
  type OperationLog,
  quantile,
  statusCounts,
} from './operations.ts'
import { exchange, prepareStage, type Stage } from './stage.ts'
import { isThorough, rounds } from './thorough.ts'

/** The longest that a caller waits for an answer, whatever the database does. */
export const ANSWER_MS = 4500
/** How soon after a fault of the database is over the gateway serves again, by itself. */
export const RECOVERY_MS = 5000

/** How soon an instance hears of a revocation at another one: at a poll, where its feed is broken; and the machine is busy. */
const HEARSAY_MS = 2500

/** A gateway process on a PostgreSQL of its own, and all who take part in a load on it. */
export interface Ground {
  readonly postgres: OwnPostgres
  readonly gateway: GatewayProcess
  /** Further instances on the same database. */
  readonly others?: readonly GatewayProcess[]
  readonly stage: Stage
  readonly remove: () => Promise<void>
}

export interface GroundOptions extends OwnPostgresOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The address of the database, where it is not its own: through something in between. */
  readonly databaseUrl?: (postgres: OwnPostgres) => string | Promise<string>
}

export async function layGround({ env = {}, databaseUrl, ...options }: GroundOptions = {}): Promise<Ground> {
  const postgres = await startOwnPostgres(options)
  const url = (await databaseUrl?.(postgres)) ?? postgres.url
  const gateway = await startGatewayProcess({ DATABASE_URL: url, GUICHET_SECRET: testSecret, ...env })
  const adminKey = await gateway.firstKey()
  const stage = await prepareStage(gateway.url, { adminKey, machines: rounds(8, 20), people: rounds(3, 6) })
  return {
    postgres,
    gateway,
    stage,
    async remove() {
      await gateway.remove()
      await postgres.remove()
    },
  }
}

export const lasting = (ms: number) => setTimeout(ms)

/** Calls a second: few enough for one core that gateway, database and test share. */
export const PER_SECOND = rounds(40, 100)

export interface Observed {
  readonly log: OperationLog
  readonly load: Load
  readonly window: FaultWindow
  readonly recoveredMs: number
}

/** Runs a load, lets a fault happen in the middle of it, and goes on until the gateway should be itself again. */
export async function observe(
  { gateway, others = [], stage }: Ground,
  fault: (load: Load) => Promise<void>,
): Promise<Observed> {
  const urls = [gateway, ...others].map(({ url }) => url)
  const load = startLoad({ urls, stage, perSecond: PER_SECOND })
  await lasting(rounds(1500, 5000))
  const fromMs = load.mark('fault')
  await fault(load)
  const untilMs = load.mark('over')
  const isWell = () =>
    load.log.all.some(
      ({ outcome, kind, invokedAtMs }) => kind !== 'protected' && outcome === 'ok' && invokedAtMs > untilMs,
    )
  await vi.waitUntil(isWell, { timeout: 2 * RECOVERY_MS, interval: 20 }).catch(() => {})
  await lasting(rounds(2000, RECOVERY_MS + 5000))
  const log = await load.stop()
  return {
    log,
    load,
    window: { fromMs, untilMs, recoveryMs: RECOVERY_MS },
    recoveredMs: recoveryMs(log, untilMs),
  }
}

/** Fails with whatever any checker found, and where the process is gone. */
export async function expectAllKept(ground: Ground, { log, window, recoveredMs }: Observed): Promise<void> {
  const { gateway, others = [], stage, postgres } = ground
  const isStateless = ({ kind }: Operation) => kind === 'protected'
  const asking = { all: log.all.filter((operation) => !isStateless(operation)) }
  // What calls took at most that ask no database is how long the machine was busy with something else.
  const machineMs = Math.max(0, ...durationsMs(log.all, isStateless))
  expect([
    ...wrongFaults(log, window),
    ...hastyRefusals(log),
    ...lateAnswers(asking, ANSWER_MS + machineMs),
    ...wrongRefusals(log),
    ...mixedIdentities(log),
    ...doubleUses(log),
    ...acceptedAfterRevocation(log, others.length === 0 ? 0 : HEARSAY_MS),
    ...(await lostWrites(log, { url: gateway.url, stage })),
    ...(await halfWritten(postgres)),
  ]).toEqual([])
  expect(recoveredMs).toBeLessThan(RECOVERY_MS)
  // A load that stood still would have met no fault.
  const last = log.all.at(-1)?.invokedAtMs ?? 0
  expect(log.all.length).toBeGreaterThan((PER_SECOND * (last - (log.all[0]?.invokedAtMs ?? 0))) / 1000 / 2)
  expect([gateway.child.exitCode, gateway.child.signalCode]).toEqual([null, null])
  const token: string = (await exchange(gateway.url, stage.adminKey)).body.data.access
  const audit = await call('GET', `${gateway.url}/api/v1/audit/verify`, { token })
  expect([audit.status, audit.body.data?.intact]).toEqual([200, true])
}

/** What only a broken transaction leaves behind. */
async function halfWritten(postgres: OwnPostgres): Promise<readonly string[]> {
  const [counts] = await postgres.query(`
    select (select count(*)::int from api_keys where name = 'of a load') as keys,
      (select count(*)::int from replays) as replays,
      (select count(*)::int from api_keys k where revoked_at is not null
        and not exists (select from revocations r where r.subject = k.id)) as unannounced`)
  return [
    ...(counts?.['keys'] === counts?.['replays']
      ? []
      : [`${counts?.['keys']} keys were issued with ${counts?.['replays']} answers to repeat`]),
    ...(counts?.['unannounced'] === 0
      ? []
      : [`${counts?.['unannounced']} keys were revoked and their tokens were not`]),
  ]
}

/** Protected calls that were answered with anything but a 200 while they should all have been. */
export function refusedProtected({ log, window }: Observed): readonly string[] {
  const meant = log.all.filter(
    ({ kind, invokedAtMs, facts, status }) =>
      kind === 'protected' && invokedAtMs >= window.fromMs && facts.withdrawn !== true && status !== 200,
  )
  return meant.map(({ status, code }) => `${status} ${code}`)
}

/** How long protected calls took before the fault and while it lasted, in milliseconds: medians and 99th percentiles. */
function protectedPace({ log, window }: Observed) {
  const within = (fromMs: number, untilMs: number) =>
    durationsMs(
      log.all,
      ({ kind, invokedAtMs }) => kind === 'protected' && invokedAtMs >= fromMs && invokedAtMs < untilMs,
    )
  const before = within(0, window.fromMs)
  const during = within(window.fromMs, window.untilMs)
  return {
    beforeP50Ms: quantile(before, 0.5),
    beforeP99Ms: quantile(before, 0.99),
    duringP50Ms: quantile(during, 0.5),
    duringP99Ms: quantile(during, 0.99),
  }
}

/** Tokens of machines are judged without the database, and as fast as before. Few calls on a busy machine show it by their median. */
export function expectPaceKept(observed: Observed): void {
  const { beforeP99Ms, duringP50Ms, duringP99Ms } = protectedPace(observed)
  expect(duringP50Ms).toBeLessThan(500)
  if (isThorough) expect(duringP99Ms).toBeLessThan(2 * beforeP99Ms + 200)
}

/** The figures that every fault of the database has, in a line. */
export function summary(observed: Observed): string {
  const { log, window, recoveredMs } = observed
  const during = log.all.filter(
    ({ invokedAtMs }) => invokedAtMs >= window.fromMs && invokedAtMs < window.untilMs,
  )
  const pace = protectedPace(observed)
  const slowest = Math.max(0, ...durationsMs(during, () => true))
  return [
    `${log.all.length} calls, ${PER_SECOND} a second`,
    `fault of ${tellMs(window.untilMs - window.fromMs)} (${statusCounts(during)})`,
    `slowest answer ${tellMs(slowest)}`,
    `protected p99 ${tellMs(pace.beforeP99Ms)} before, ${tellMs(pace.duringP99Ms)} during`,
    `well again after ${tellMs(recoveredMs)}`,
  ].join('; ')
}

/** How much memory a process holds, in bytes. */
export async function rssBytes(pid: number | undefined): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout.trim()) * 1024
}

/** Looks again and again until it is told to stop, and answers what it saw. */
export function watch<T>(look: () => Promise<T>, everyMs: number) {
  const seen: T[] = []
  let over = false
  const watching = (async () => {
    while (!over) {
      seen.push(await look())
      await lasting(everyMs)
    }
  })()
  return {
    startedAtMs: nowMs(),
    async stop(): Promise<readonly T[]> {
      over = true
      await watching
      return seen
    },
  }
}

import type { Store } from '../../../core/ports.ts'
import type { Settings } from '../../../settings/settings.ts'
import type { BareDatabase } from '../../postgres.ts'
import type { Check } from './check.ts'
import { clockAheadMs } from './clock-distance.ts'
import { orStoreError } from './or-store-error.ts'

/** Says whether the database answers, and how far its clock is from ours. */
export async function checkReach(
  { db, kind }: BareDatabase,
  { policy }: Pick<Settings, 'policy'>,
): Promise<readonly Check[]> {
  const aheadMs = await orStoreError(() => clockAheadMs(db))
  if (aheadMs instanceof Error) return [unreachable(aheadMs)]
  return [
    { check: 'database', status: 'ok', finding: `Reached (${kind}).` },
    checkClock(aheadMs, policy.clockSkewSeconds),
  ]
}

/** Says whether the schema is the one that this version works with. */
export async function checkMigrations(store: Pick<Store, 'probe'>): Promise<Check> {
  const probed = await orStoreError(store.probe)
  if (probed instanceof Error) return unmigrated(probed)
  return { check: 'migrations', status: 'ok', finding: 'The schema is current.' }
}

function unreachable({ message }: Error): Check {
  const meaning = Object.entries(connectFaults).find(([code]) => message.includes(code))?.[1]
  return {
    check: 'database',
    status: 'fail',
    finding: message,
    remedy: meaning ?? 'Check DATABASE_URL, and that PostgreSQL runs and is reachable from here.',
  }
}

const connectFaults = {
  '28P01': 'The password in DATABASE_URL is wrong.',
  '28000': 'PostgreSQL does not let this user in: see its pg_hba.conf.',
  '3D000': 'There is no database of that name: create it.',
  '53300': 'PostgreSQL has no connection left: raise its max_connections, or lower DATABASE_POOL_MAX.',
}

function unmigrated({ message }: Error): Check {
  // Its own table is missing, or the schema of that table.
  const untouched = /SQLSTATE (?:42P01|3F000)/.test(message)
  return {
    check: 'migrations',
    status: 'fail',
    finding: untouched ? 'No migration was ever applied.' : message,
    remedy: 'Run `guichet migrate`.',
  }
}

function checkClock(aheadMs: number, clockSkewSeconds: number): Check {
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1)
  const finding = `This clock is ${seconds} s ${aheadMs < 0 ? 'behind' : 'ahead of'} the database's.`
  // Below a second it may be the way there and back.
  const allowedMs = Math.max(1, clockSkewSeconds) * 1000
  if (Math.abs(aheadMs) <= allowedMs) return { check: 'clock', status: 'ok', finding }
  return { check: 'clock', status: 'warn', finding, remedy: 'Keep both in time with NTP: tokens live by it.' }
}

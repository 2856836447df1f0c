import type { DatabaseSettings } from '../../../settings/settings.ts'
import {
  type DatabaseConnections,
  type DatabaseServer,
  readDatabaseConnections,
  readDatabaseServer,
} from '../../../store/diagnosis.ts'
import type { BareDatabase } from '../../postgres.ts'
import type { Check } from './check.ts'
import { orStoreError } from './or-store-error.ts'
import { inBytes } from './sizes.ts'

/** The oldest that still gets fixes: 14 has had its last. */
const OLDEST_MAJOR = 15

/** What an instance holds beside its pool: the connection that hears announcements, and that of its migrations. */
const CONNECTIONS_BESIDE_POOL = 2

/** Says of a PostgreSQL server whether it keeps what it acknowledges, has connections left, and how much it holds. */
export async function checkServer(
  { db }: BareDatabase,
  settings: DatabaseSettings,
): Promise<readonly Check[]> {
  const [server, connections] = await Promise.all([
    orStoreError(() => readDatabaseServer(db)),
    orStoreError(() => readDatabaseConnections(db)),
  ])
  if (server instanceof Error) return [untold('postgresql', server)]
  if (connections instanceof Error) return [judgeServer(server), untold('connections', connections)]
  return [judgeServer(server), judgeConnections(connections, settings), sizeOf(server)]
}

/** Says whether a server can be written to, keeps what it acknowledges, and is of a version that gets fixes. */
export function judgeServer(server: DatabaseServer): Check {
  const check = 'postgresql'
  const major = Math.floor(server.versionNumber / 10_000)
  const version = `PostgreSQL ${major}.${server.versionNumber % 10_000}`
  if (server.isReadOnly) {
    const finding = `${version} takes no writes: it is a standby, or was made read-only.`
    return { check, status: 'fail', finding, remedy: 'Name the primary in DATABASE_URL.' }
  }
  const off = [
    ...(server.fsync ? [] : ['fsync']),
    ...(server.fullPageWrites ? [] : ['full_page_writes']),
    ...(server.synchronousCommit ? [] : ['synchronous_commit']),
  ]
  if (off.length > 0) {
    const finding = `${version}, and off is ${off.join(', ')}: a crash of its machine takes what it acknowledged.`
    const remedy = 'Switch it on: a withdrawal that was acknowledged must not be undone.'
    return { check, status: 'warn', finding, remedy }
  }
  if (major < OLDEST_MAJOR) {
    const remedy = `Upgrade it to ${OLDEST_MAJOR} or later: it gets no fixes any more.`
    return { check, status: 'warn', finding: `${version}.`, remedy }
  }
  return { check, status: 'ok', finding: `${version} keeps what it acknowledges.` }
}

/** Says whether the server has connections for the instances that run and one more, as at an upgrade. */
export function judgeConnections(
  { usable, others, instances }: DatabaseConnections,
  { poolMax, directUrl }: Pick<DatabaseSettings, 'poolMax' | 'directUrl'>,
): Check {
  const check = 'connections'
  // A pooler shares out its own, however many its clients have.
  const each = (directUrl === undefined ? poolMax : 0) + CONNECTIONS_BESIDE_POOL
  const needed = (instances + 1) * each
  const left = Math.max(0, usable - others)
  const running = instances === 1 ? '1 gateway runs' : `${instances} gateways run`
  const finding = `${running}; with one more they may need ${needed}, and ${left} of ${usable} are not used by others.`
  if (needed <= left) return { check, status: 'ok', finding }
  const remedy = 'Raise max_connections of PostgreSQL, lower DATABASE_POOL_MAX, or put pgbouncer between.'
  return { check, status: 'warn', finding, remedy }
}

function sizeOf({ databaseBytes }: DatabaseServer): Check {
  const finding = `The database has ${inBytes(databaseBytes)}; what its machine has left is not to be seen from here.`
  return { check: 'disk', status: 'ok', finding }
}

function untold(check: string, { message }: Error): Check {
  return { check, status: 'warn', finding: message, remedy: 'Look into the log of PostgreSQL.' }
}

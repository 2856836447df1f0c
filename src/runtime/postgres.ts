import { resolve } from 'node:path'
import { setImmediate as endOfTurn } from 'node:timers/promises'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { DatabaseSettings } from '../settings/settings.ts'
import { announcementChannel } from '../store/announcements.ts'
import type { Database } from '../store/database.ts'
import { migrationLock } from '../store/migrations.ts'
import type { HotPath } from '../store/statement.ts'
import { storeError } from '../store/store-error.ts'
import { pooledDatabase } from './pooled-database.ts'
import { StartError } from './start-error.ts'

export const migrationsFolder = resolve(import.meta.dirname, '../../drizzle')

/** How long a start may wait for another one's migrations, and for its own. */
const MIGRATION_MAX_MS = 120_000

const GOODBYE_MAX_MS = 500

/** How long the first announcement may take, which is one of our own. Far longer than it ever does on a direct connection. */
const HELLO_MAX_MS = 2000

/** A connection that hears announcements. */
export interface Listener {
  /** Fails when the connection carries nothing any more. */
  readonly ask: () => Promise<unknown>
  readonly close: () => Promise<void>
}

/** A database to look into, without its feed. */
export interface BareDatabase {
  readonly db: Database
  readonly kind: 'embedded' | 'postgresql'
  readonly close: () => Promise<void>
}

export interface PoolState {
  readonly total: number
  readonly idle: number
  /** Calls that wait for a connection. */
  readonly waiting: number
}

/**
 * Hears the announcements of every instance; `onEnd` is called once when the connection breaks. Undefined where none
 * arrives: a pooler in transaction mode takes the LISTEN and carries nothing.
 */
export type Listen = (
  onAnnouncement: (payload: string) => void,
  onEnd: () => void,
) => Promise<Listener | undefined>

/** Copies the files of a database that lives in this process, which nobody else could open meanwhile. */
export interface Copying {
  /** Copies into a folder that is not there yet, and answers for how many milliseconds all calls had to wait. */
  readonly copyTo: (folder: string) => Promise<number>
  /** Until when calls last had to wait for a copy, by `performance.now()`; infinite while they have to. */
  readonly heldUntilMs: () => number
}

export interface OpenDatabase extends BareDatabase {
  readonly hotPath: HotPath
  /** The connections of now; undefined where there are none to count. */
  readonly pool: (() => PoolState) | undefined
  /** Undefined where others can read the database themselves. */
  readonly copying: Copying | undefined
  readonly listen: Listen
}

/** A turn of the event loop reads many sockets: under load the first call of one is not to be committed alone. */
const hotPath: HotPath = { prepare: true, gather: () => endOfTurn(), overlaps: true }

/** Opens a pool on PostgreSQL, with every wait bounded. */
export function openPostgres(
  settings: DatabaseSettings,
  onIdleError: (error: unknown) => void,
): OpenDatabase {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.poolMax,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    // On our side, since a paused server never fires its own.
    query_timeout: settings.queryTimeoutMs,
    // And on the server's: a statement that we gave up on must not wait on, and take effect late.
    statement_timeout: settings.queryTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'guichet',
  })
  // Without a listener a dropped idle connection would end the process.
  pool.on('error', (error) => onIdleError(storeError(error)))
  return {
    db: pooledDatabase(pool),
    kind: 'postgresql',
    hotPath,
    copying: undefined,
    pool: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    listen: (onAnnouncement, onEnd) => listen({ settings, pool }, onAnnouncement, onEnd),
    close: () => pool.end(),
  }
}

/** On a connection of its own: a pooled one would forget that it listens. */
async function listen(
  { settings, pool }: { readonly settings: DatabaseSettings; readonly pool: pg.Pool },
  onAnnouncement: (payload: string) => void,
  onEnd: () => void,
): Promise<Listener | undefined> {
  const client = new pg.Client({
    connectionString: settings.directUrl ?? settings.url,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    query_timeout: settings.queryTimeoutMs,
    keepAlive: true,
    application_name: 'guichet feed',
  })
  client.on('error', onEnd)
  client.on('end', onEnd)
  const hello = JSON.stringify({ type: 'hello', id: crypto.randomUUID() })
  const heard = Promise.withResolvers<boolean>()
  client.on('notification', ({ payload = '' }) => {
    if (payload === hello) heard.resolve(true)
    else onAnnouncement(payload)
  })
  try {
    await client.connect()
    await client.query(`listen ${announcementChannel}`)
    // By the pool, as every announcement comes: what a connection tells itself says nothing of the others.
    await pool.query('select pg_notify($1, $2)', [announcementChannel, hello])
    // What came while this process was busy is read before the verdict.
    setTimeout(() => setImmediate(() => heard.resolve(false)), HELLO_MAX_MS).unref()
    if (await heard.promise) return { ask: () => client.query('select 1'), close: () => sayGoodbye(client) }
  } catch (error) {
    await sayGoodbye(client)
    throw error
  }
  await sayGoodbye(client)
  return undefined
}

async function sayGoodbye(client: pg.Client): Promise<void> {
  // A paused server never says good-bye, and must not hold up the end of this process.
  const late = new Promise<void>((done) => setTimeout(done, GOODBYE_MAX_MS).unref())
  await Promise.race([client.end().catch(() => {}), late])
}

/** Brings the schema up to date. Of several instances one does it and the others wait for it. @throws StartError */
export async function migratePostgres(settings: DatabaseSettings): Promise<void> {
  const client = new pg.Client({
    connectionString: settings.directUrl ?? settings.url,
    connectionTimeoutMillis: 10_000,
    query_timeout: MIGRATION_MAX_MS,
    // Stronger than one that the operator gave to the role, which is meant for calls.
    statement_timeout: MIGRATION_MAX_MS,
    application_name: 'guichet migrate',
  })
  client.on('error', () => {})
  try {
    await client.connect()
    // A transaction's lock and not a session's: behind a pooler that one would stay with a connection that nobody gets again.
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    // Ends the transaction with its own.
    await migrate(drizzle(client), { migrationsFolder })
  } catch (error) {
    throw new StartError(`The database could not be prepared: ${storeError(error).message}`)
  } finally {
    // A lock that is still held goes with its connection.
    await client.end().catch(() => {})
  }
}

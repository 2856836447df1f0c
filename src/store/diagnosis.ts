import { and, count, eq, gt, gte, isNull, lt, ne, or, type SQL, sql } from 'drizzle-orm'
import { mailOutbox } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { apiKeys, keyUsage } from './schema.ts'

/** The database's own clock, in milliseconds since 1970. */
export async function readDatabaseClockMs(db: Database): Promise<number> {
  const rows = await db
    .select({ nowMs: sql`extract(epoch from clock_timestamp()) * 1000`.mapWith(Number) })
    .from(nothing)
  return only(rows).nowMs
}

/** What a PostgreSQL server says of itself. */
export interface DatabaseServer {
  /** As 180004 for 18.4. */
  readonly versionNumber: number
  readonly isReadOnly: boolean
  readonly fsync: boolean
  readonly fullPageWrites: boolean
  /** False where a commit is acknowledged before it is written. */
  readonly synchronousCommit: boolean
  readonly databaseBytes: number
}

export async function readDatabaseServer(db: Database): Promise<DatabaseServer> {
  const isOn = (setting: string) => sql<boolean>`current_setting(${setting}) <> 'off'`
  const rows = await db
    .select({
      versionNumber: sql`current_setting('server_version_num')`.mapWith(Number),
      isReadOnly: sql<boolean>`pg_is_in_recovery() or current_setting('transaction_read_only') = 'on'`,
      fsync: isOn('fsync'),
      fullPageWrites: isOn('full_page_writes'),
      synchronousCommit: isOn('synchronous_commit'),
      databaseBytes: sql`pg_database_size(current_database())`.mapWith(Number),
    })
    .from(nothing)
  return only(rows)
}

/** How the connections of a PostgreSQL server are shared out. */
export interface DatabaseConnections {
  /** Those that are there for anybody. */
  readonly usable: number
  /** Those that are in use by others than gateways on this database. */
  readonly others: number
  /** The gateways that run on this database. */
  readonly instances: number
}

export async function readDatabaseConnections(db: Database): Promise<DatabaseConnections> {
  const setting = (name: string) => sql`coalesce(current_setting(${name}, true)::int, 0)`
  // Whoever is not a superuser sees of strangers only that they are there.
  const used = sql`(select coalesce(sum(numbackends), 0) from pg_stat_database)`
  const ours = (like: string) =>
    sql`(select count(*) from pg_stat_activity where datname = current_database() and application_name like ${like})`
  const rows = await db
    .select({
      usable: sql`${setting('max_connections')} - ${setting('superuser_reserved_connections')}
        - ${setting('reserved_connections')}`.mapWith(Number),
      others: sql`greatest(0, ${used} - ${ours('guichet%')})`.mapWith(Number),
      instances: ours('guichet feed').mapWith(Number),
    })
    .from(nothing)
  return only(rows)
}

/** Counts the keys that are not revoked by the id of the secret that their digest was made under. */
export async function countKeysBySecret(
  db: Database,
): Promise<readonly { readonly secretId: string; readonly keys: number }[]> {
  const secretId = sql<string>`split_part(${apiKeys.digest}, '.', 1)`
  return db
    .select({ secretId, keys: count() })
    .from(apiKeys)
    .where(isNull(apiKeys.revokedAt))
    .groupBy(secretId)
}

export interface KeyAges {
  /** Those that can be used, canaries and those that are being replaced left out. */
  readonly live: number
  /** Of these, those that end before `soon`. */
  readonly endSoon: number
  /** Of these, those that nobody has used since `longAgo`, if ever. */
  readonly unused: number
}

/** Counts the API keys that can be used by when they end and when they were last used. */
export async function countKeyAges(
  db: Database,
  { now, soon, longAgo }: { readonly now: Date; readonly soon: Date; readonly longAgo: Date },
): Promise<KeyAges> {
  const isUnused = and(
    lt(apiKeys.createdAt, longAgo),
    or(isNull(keyUsage.lastUsedAt), lt(keyUsage.lastUsedAt, longAgo)),
  )
  const rows = await db
    .select({
      live: count(),
      endSoon: countWhere(lt(apiKeys.expiresAt, soon)),
      unused: countWhere(isUnused),
    })
    .from(apiKeys)
    .leftJoin(keyUsage, eq(keyUsage.keyId, apiKeys.id))
    .where(
      and(
        isNull(apiKeys.revokedAt),
        isNull(apiKeys.disabledAt),
        isNull(apiKeys.retiresAt),
        eq(apiKeys.canary, false),
        or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, now)),
      ),
    )
  return only(rows)
}

export interface OutboxCounts {
  readonly waiting: number
  /** Of these, those from before `lateBefore`. */
  readonly late: number
  /** Those that were given up since `givenUpSince`, for another reason than a newer one. */
  readonly givenUp: number
}

/** Counts the mails that wait, and those that came to nothing. */
export async function countOutbox(
  db: Database,
  { lateBefore, givenUpSince }: { readonly lateBefore: Date; readonly givenUpSince: Date },
): Promise<OutboxCounts> {
  const isWaiting = and(isNull(mailOutbox.sentAt), isNull(mailOutbox.failedAt))
  const rows = await db
    .select({
      waiting: countWhere(isWaiting),
      late: countWhere(and(isWaiting, lt(mailOutbox.createdAt, lateBefore))),
      givenUp: countWhere(
        and(gte(mailOutbox.failedAt, givenUpSince), ne(mailOutbox.lastError, 'superseded')),
      ),
    })
    .from(mailOutbox)
  return only(rows)
}

/** What a question is asked of that is about no table. */
const nothing = sql`(select 1) as one`

function countWhere(condition: SQL | undefined): SQL<number> {
  return sql`count(*) filter (where ${condition})`.mapWith(Number)
}

function only<Row>(rows: readonly Row[]): Row {
  const [row] = rows
  if (row === undefined) throw new Error('A select of one row answers a row.')
  return row
}

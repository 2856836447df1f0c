import { query } from '../postgres.ts'

/**
 * Fills the table of keys up to so many. Nobody exchanges them: their ids are drawn, so that the index is as wide and
 * as scattered as with real ones, but the digest of a real one takes the gateway's secret.
 */
export async function fillKeys(database: string, upTo: number): Promise<void> {
  await query(
    database,
    `insert into api_keys (id, client_id, name, prefix, permissions, digest, created_at, version)
      select substr(md5(random()::text), 1, 12), (select id from clients where name = 'bench'), 'filler', 'gk',
        '{orders:read}', (select digest from api_keys limit 1), now(), 1
      from generate_series(1, $1 - (select count(*)::int from api_keys)) on conflict do nothing`,
    [upTo],
  )
  await query(database, 'vacuum analyze api_keys')
}

export interface SessionFiller {
  readonly count: number
  /** When they expire, give or take half a day, as PostgreSQL writes an interval. */
  readonly expiresIn: string
}

/** Adds sessions that nobody refreshes. */
export async function addSessions(database: string, { count, expiresIn }: SessionFiller): Promise<void> {
  await query(
    database,
    `insert into sessions (id, client_id, key_id, refresh_digest, created_at, expires_at, last_used_at)
      select gen_random_uuid(), (select id from clients where name = 'bench'), 'filler',
        (select digest from api_keys limit 1), now(), now() + $2::interval + (random() - 0.5) * interval '1 day', now()
      from generate_series(1, $1)`,
    [count, expiresIn],
  )
  await query(database, 'vacuum analyze sessions')
}

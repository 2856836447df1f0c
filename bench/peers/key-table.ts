import { createHash, randomBytes } from 'node:crypto'
import pg from 'pg'
import { databaseUrl, keyCount } from './ready.ts'

export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** The pool and the two tables that a service written by hand has, with keys in them. */
export async function openKeyTable(): Promise<{ readonly pool: pg.Pool; readonly keys: readonly string[] }> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
  await pool.query(`
    create table api_keys (
      id uuid primary key default gen_random_uuid(), client_id text not null, hash text not null unique,
      scopes text[] not null, expires_at timestamptz, revoked_at timestamptz
    );
    create table sessions (
      id uuid primary key default gen_random_uuid(), key_id uuid not null references api_keys (id),
      refresh_hash text not null unique, expires_at timestamptz not null, last_used_at timestamptz not null default now()
    )`)
  const keys = Array.from({ length: keyCount }, () => `ak_${randomBytes(24).toString('base64url')}`)
  await pool.query(
    `insert into api_keys (client_id, hash, scopes)
      select 'client', hash, '{orders:read}' from unnest($1::text[]) as hash`,
    [keys.map(sha256)],
  )
  return { pool, keys }
}

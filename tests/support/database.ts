import pg from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  readonly url: string
  readonly query: (text: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>
  readonly drop: () => Promise<void>
}

/** An empty database of its own on the run's PostgreSQL. */
export const freshDatabase = () => ownDatabase('')

/** One that has the tables of today and nothing in them: as good as an empty one that was migrated, and sooner there. */
export const migratedDatabase = () => ownDatabase(`template ${inject('postgresTemplate')}`)

async function ownDatabase(like: string): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `guichet_${crypto.randomUUID().replaceAll('-', '')}`
  await once(server, `create database ${name} ${like}`)
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href
  return {
    url,
    query: (text, values) => once(url, text, values),
    drop: async () => {
      await once(server, `drop database if exists ${name} with (force)`)
    },
  }
}

/** Has the server count the statements of this database from nothing, and leaves alone what it counts for other tests. */
export async function forgetStatements(database: Pick<TestDatabase, 'query'>): Promise<void> {
  await database.query(
    'select pg_stat_statements_reset(0, oid) from pg_database where datname = current_database()',
  )
}

async function once(url: string, text: string, values: readonly unknown[] = []) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = await client.query(text, [...values])
    return result.rows
  } finally {
    await client.end()
  }
}

import { enter } from '../contender.ts'
import { exchangeByGuichet } from '../jobs/exchange.ts'
import { refreshByGuichet } from '../jobs/refresh.ts'
import { type MeasureParts, measureJob, type Row } from '../measure.ts'
import { query } from '../postgres.ts'
import type { Stage } from '../stage.ts'
import { addSessions, fillKeys } from './filler.ts'

/** Exchange and refresh at one size of the database. */
export interface RowGrowth {
  readonly keys: number
  readonly sessions: number
  readonly exchange: Row
  readonly refresh: Row
}

/** Measures on few rows, then with many keys, then with many sessions too. */
export async function measureRows(stage: Stage, parts: MeasureParts): Promise<readonly RowGrowth[]> {
  const { keyRows, sessionRows } = stage.plan.growth
  const database = await stage.database()
  await stage.onPostgres()
  // What the jobs before have left would be another number each time.
  await query(database, 'truncate sessions')
  const few = await measureOnce(stage, parts)
  await fillKeys(database, keyRows)
  const manyKeys = await measureOnce(stage, parts)
  await addSessions(database, { count: sessionRows, expiresIn: '5 days' })
  return [few, manyKeys, await measureOnce(stage, parts)]
}

async function measureOnce(stage: Stage, parts: MeasureParts): Promise<RowGrowth> {
  const [rows] = await query(
    await stage.database(),
    'select (select count(*) from api_keys)::int as keys, (select count(*) from sessions)::int as sessions',
  )
  const contenders = [
    await enter('Guichet, exchange', () => exchangeByGuichet(stage)),
    await enter('Guichet, refresh', () => refreshByGuichet(stage)),
  ]
  const job = { name: 'rows', title: 'Rows', description: '', contenders }
  const [exchange, refresh] = (await measureJob(job, parts)).rows
  if (exchange === undefined || refresh === undefined) throw new Error('A contender has no row.')
  return { keys: Number(rows?.['keys']), sessions: Number(rows?.['sessions']), exchange, refresh }
}

import { enter } from '../contender.ts'
import { exchangeAt } from '../jobs/exchange.ts'
import { refreshAt } from '../jobs/refresh.ts'
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
  await stage.growing()
  const database = await stage.growingDatabase()
  const few = await measureOnce(stage, parts)
  await fillKeys(database, keyRows)
  const manyKeys = await measureOnce(stage, parts)
  await addSessions(database, { count: sessionRows, expiresIn: '5 days' })
  return [few, manyKeys, await measureOnce(stage, parts)]
}

async function measureOnce(stage: Stage, parts: MeasureParts): Promise<RowGrowth> {
  const [rows] = await query(
    await stage.growingDatabase(),
    'select (select count(*) from api_keys)::int as keys, (select count(*) from sessions)::int as sessions',
  )
  const keyed = await stage.growing()
  const contenders = [
    await enter('Guichet, exchange', async () => exchangeAt(keyed, true)),
    await enter('Guichet, refresh', () => refreshAt(keyed, true)),
  ]
  const job = { name: 'rows', title: 'Rows', description: '', contenders }
  const [exchange, refresh] = (await measureJob(job, parts)).rows
  if (exchange === undefined || refresh === undefined) throw new Error('A contender has no row.')
  return { keys: Number(rows?.['keys']), sessions: Number(rows?.['sessions']), exchange, refresh }
}

import type { Database } from '../../../store/database.ts'
import { readDatabaseClockMs } from '../../../store/diagnosis.ts'

/** How far this machine's clock is ahead of the database's, in milliseconds, half the way there and back allowed for. */
export async function clockAheadMs(db: Database): Promise<number> {
  // The first statement also pays for the connection, which would count as distance.
  await readDatabaseClockMs(db)
  const before = Date.now()
  const databaseMs = await readDatabaseClockMs(db)
  return (before + Date.now()) / 2 - databaseMs
}

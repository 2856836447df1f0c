import { inArray, lt } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { PruneStore } from '../core/ports.ts'
import { mailOutbox } from './accounts-schema.ts'
import type { Database } from './database.ts'
import { rateLimits, replays, revocations, sessions } from './schema.ts'

export function pruneStore(db: Database): PruneStore {
  const pruneTable = async (
    table: PgTable,
    { id, over }: { readonly id: PgColumn; readonly over: PgColumn },
    { before, limit }: { readonly before: Date; readonly limit: number },
  ) => {
    // Rows that somebody holds are left for the next round: pruning waits for nobody, and nobody for it.
    const rows = db
      .select({ id })
      .from(table)
      .where(lt(over, before))
      .orderBy(over)
      .limit(limit)
      .for('update', { skipLocked: true })
    const deleted = await db.delete(table).where(inArray(id, rows)).returning({ id })
    return deleted.length
  }

  return {
    async prune({ sessionsBefore, mailsBefore, before, limit }) {
      const counts = [
        await pruneTable(
          sessions,
          { id: sessions.id, over: sessions.expiresAt },
          { before: sessionsBefore, limit },
        ),
        await pruneTable(
          mailOutbox,
          { id: mailOutbox.id, over: mailOutbox.createdAt },
          { before: mailsBefore, limit },
        ),
        await pruneTable(revocations, { id: revocations.id, over: revocations.expiresAt }, { before, limit }),
        await pruneTable(replays, { id: replays.id, over: replays.expiresAt }, { before, limit }),
        // A bucket whose arrival time has passed is full, which is what one that is not there is.
        await pruneTable(
          rateLimits,
          { id: rateLimits.bucket, over: rateLimits.arrivalAt },
          { before, limit },
        ),
      ]
      return Math.max(...counts)
    },
  }
}

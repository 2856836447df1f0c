import { lt, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import type { PruneStore } from '../core/ports.ts'
import {
  knownDevices,
  mailOutbox,
  oneTimeTokens,
  signInChallenges,
  signInFailures,
  signIns,
} from './accounts-schema.ts'
import type { Database } from './database.ts'
import { rateLimits, replays, revocations, sessions } from './schema.ts'

export function pruneStore(db: Database): PruneStore {
  const pruneTable = async (
    table: PgTable,
    { id, over }: { readonly id: PgColumn | SQL; readonly over: PgColumn },
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
    const deleted = await db.delete(table).where(sql`${id} in ${rows}`).returning({ over })
    return deleted.length
  }

  return {
    async databaseTime() {
      const ms = sql<number>`extract(epoch from now())::float8 * 1000`
      const [row] = await db.select({ ms }).from(sql`(values (1)) one`)
      return new Date(Number(row?.ms))
    },

    async prune({ sessionsBefore, failuresBefore, signInsBefore, mailsBefore, before, limit }) {
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
        await pruneTable(
          oneTimeTokens,
          { id: oneTimeTokens.id, over: oneTimeTokens.expiresAt },
          { before, limit },
        ),
        await pruneTable(
          signInChallenges,
          { id: signInChallenges.id, over: signInChallenges.expiresAt },
          { before, limit },
        ),
        await pruneTable(
          signInFailures,
          { id: signInFailures.subject, over: signInFailures.lastFailedAt },
          { before: failuresBefore, limit },
        ),
        await pruneTable(signIns, { id: signIns.id, over: signIns.at }, { before: signInsBefore, limit }),
        // By the place of the row, which stays its while it is held: the key has two columns.
        await pruneTable(
          knownDevices,
          { id: sql`ctid`, over: knownDevices.lastSeenAt },
          { before: signInsBefore, limit },
        ),
      ]
      return Math.max(...counts)
    },
  }
}

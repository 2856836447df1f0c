import { isNull, sql } from 'drizzle-orm'
import type { SessionStore } from '../core/ports.ts'
import { insertion } from './audit-events.ts'
import type { Database } from './database.ts'
import { addRevocation } from './revocations.ts'
import { sessions } from './schema.ts'

/** Adds a session as one that is over, or ends the one that is there; a second time does nothing and tells nothing. */
export function endSessionLate(db: Database): SessionStore['endSessionLate'] {
  return (session, events, revocation) =>
    db.transaction(async (tx) => {
      const { permissions, audiences } = session
      const ended = await tx
        .insert(sessions)
        .values({
          ...session,
          permissions: permissions && [...permissions],
          audiences: audiences && [...audiences],
        })
        .onConflictDoUpdate({
          target: sessions.id,
          set: { revokedAt: session.revokedAt },
          setWhere: isNull(sessions.revokedAt),
        })
        .returning({ id: sessions.id })
      if (ended.length === 0) return
      // The exchange may be told already, where the session was.
      await tx.execute(sql`${insertion(events)} on conflict (id) do nothing`)
      await addRevocation(tx, revocation)
    })
}

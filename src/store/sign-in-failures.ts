import { inArray, sql } from 'drizzle-orm'
import type { SettledFailures, SignInFailures, SignInStore } from '../core/accounts/account-store.ts'
import { signInFailures } from './accounts-schema.ts'
import type { Database } from './database.ts'

type FailureVerbs = Pick<SignInStore, 'changeSignInFailures' | 'settleSignInFailures'>

export function signInFailureStore(db: Database): FailureVerbs {
  return {
    changeSignInFailures: (subjects, decide) =>
      db.transaction(async (tx) => {
        // All in one order, so that two who want the same rows do not wait for each other. The update changes nothing: it
        // holds the rows to the commit.
        const rows = await tx
          .insert(signInFailures)
          .values(
            [...new Set(subjects)]
              .sort()
              .map((subject) => ({ subject, failures: 0, lastFailedAt: LONG_AGO })),
          )
          .onConflictDoUpdate({ target: signInFailures.subject, set: { subject: sql`excluded.subject` } })
          .returning()
        const { write, outcome } = decide(rows.map(failuresOf))
        if (write.length > 0) {
          await tx
            .insert(signInFailures)
            .values(write.map((row) => ({ ...row, blockedUntil: row.blockedUntil ?? null })))
            .onConflictDoUpdate({
              target: signInFailures.subject,
              set: {
                failures: sql`excluded.failures`,
                lastFailedAt: sql`excluded.last_failed_at`,
                blockedUntil: sql`excluded.blocked_until`,
              },
            })
        }
        return outcome
      }),

    settleSignInFailures: (settled) => db.transaction((tx) => settleFailures(tx, settled)),
  }
}

const LONG_AGO = new Date(0)

/** The order in which JavaScript sorts them, whatever the database's locale. */
const inBytes = sql`${signInFailures.subject} collate "C"`

/** Clears failures, and takes others one back, within the transaction of the sign-in that went well. */
export async function settleFailures(
  tx: Pick<Database, 'update' | 'delete' | 'select'>,
  { cleared, givenBack }: SettledFailures,
): Promise<void> {
  // Held in the order of their names, as above.
  const held = await tx
    .select({ subject: signInFailures.subject })
    .from(signInFailures)
    .where(inArray(signInFailures.subject, [...cleared, ...givenBack]))
    .orderBy(inBytes)
    .for('update')
  // What an attempt has added anew since, after another has cleared it, is that attempt's: it may wait for a row of ours.
  const heldOf = (names: readonly string[]) => {
    const subjects = held.map(({ subject }) => subject).filter((subject) => names.includes(subject))
    return subjects.length === 0 ? undefined : inArray(signInFailures.subject, subjects)
  }
  const lessened = heldOf(givenBack)
  if (lessened !== undefined) {
    await tx
      .update(signInFailures)
      .set({ failures: sql`greatest(${signInFailures.failures} - 1, 0)`, blockedUntil: null })
      .where(lessened)
  }
  const forgotten = heldOf(cleared)
  if (forgotten !== undefined) await tx.delete(signInFailures).where(forgotten)
}

function failuresOf(row: typeof signInFailures.$inferSelect): SignInFailures {
  return { ...row, blockedUntil: row.blockedUntil ?? undefined }
}

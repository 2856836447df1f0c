import { and, asc, count, eq, inArray, isNull, lte, min, ne, type SQL, sql } from 'drizzle-orm'
import type { MailStore } from '../core/accounts/account-store.ts'
import type { QueuedMail } from '../core/accounts/mail.ts'
import type { MailSettlement } from '../core/mail/deliver.ts'
import { mailOutbox } from './accounts-schema.ts'
import type { Database } from './database.ts'

const waiting = and(isNull(mailOutbox.sentAt), isNull(mailOutbox.failedAt))

/** Nothing is left of a mail that is over but that it was. */
const forgotten = ''

export function mailStore(db: Database): MailStore {
  return {
    enqueueMail: (mail) => db.transaction((tx) => addMails(tx, [mail])),

    async claimMails({ now, leaseUntil, limit, only }) {
      // Rows that another instance is claiming are skipped: nobody waits for them, and nobody gets them twice.
      const due = db.$with('due').as(
        db
          .select({ id: mailOutbox.id })
          .from(mailOutbox)
          .where(and(waiting, lte(mailOutbox.nextAttemptAt, now), goesBy(only)))
          .orderBy(asc(mailOutbox.nextAttemptAt))
          .limit(limit)
          .for('update', { skipLocked: true }),
      )
      const rows = await db
        .with(due)
        .update(mailOutbox)
        .set({ nextAttemptAt: leaseUntil, attempts: sql`${mailOutbox.attempts} + 1` })
        .where(inArray(mailOutbox.id, db.select({ id: due.id }).from(due)))
        .returning()
      return rows.map(({ userId, ...row }) => ({ ...row, userId: userId ?? undefined }))
    },

    async settleMail({ id, attempts }, settlement) {
      await db
        .update(mailOutbox)
        .set(columnsOf(settlement))
        .where(
          and(
            eq(mailOutbox.id, id),
            waiting,
            // Sent is sent. Anything else is for the latest attempt to say: a lease may have run out meanwhile.
            settlement.state === 'sent' ? undefined : eq(mailOutbox.attempts, attempts),
          ),
        )
    },

    async outboxDepth() {
      const [row] = await db
        .select({ waiting: count(), oldestAt: min(mailOutbox.createdAt) })
        .from(mailOutbox)
        .where(waiting)
      return { waiting: row?.waiting ?? 0, oldestAt: row?.oldestAt ?? undefined }
    },
  }
}

/** Adds mails as the last step of the transaction of what they tell of. */
export async function addMails(
  tx: Pick<Database, 'insert' | 'execute'>,
  mails: readonly QueuedMail[] = [],
): Promise<void> {
  for (const { voidKey, createdAt } of mails) {
    if (voidKey === undefined) continue
    // Two at once would not see each other, and both would go out. Held to the commit, which is next.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${voidKey}, 0))`)
    await tx.execute(
      sql`update mail_outbox set failed_at = ${createdAt.toISOString()}, last_error = 'superseded', sealed_message = ${forgotten}
        where void_key = ${voidKey} and sent_at is null and failed_at is null`,
    )
  }
  if (mails.length > 0) await tx.insert(mailOutbox).values([...mails])
}

function goesBy(only: 'mail' | 'sms' | undefined): SQL | undefined {
  if (only === undefined) return undefined
  return only === 'sms' ? eq(mailOutbox.kind, 'sms-code') : ne(mailOutbox.kind, 'sms-code')
}

function columnsOf(settlement: MailSettlement) {
  if (settlement.state === 'sent') return { sentAt: settlement.at, sealedMessage: forgotten, lastError: null }
  if (settlement.state === 'failed')
    return { failedAt: settlement.at, sealedMessage: forgotten, lastError: settlement.error }
  return { nextAttemptAt: settlement.until, lastError: settlement.error }
}

import type { MailStore } from '../core/accounts/account-store.ts'
import type { QueuedMail } from '../core/accounts/mail.ts'
import { mailOutbox } from './accounts-schema.ts'
import type { Database } from './database.ts'

export function mailStore(db: Database): MailStore {
  return { enqueueMail: (mail) => addMails(db, [mail]) }
}

/** Adds mails within the transaction of what they tell of. */
export async function addMails(
  tx: Pick<Database, 'insert'>,
  mails: readonly QueuedMail[] = [],
): Promise<void> {
  if (mails.length > 0) await tx.insert(mailOutbox).values([...mails])
}

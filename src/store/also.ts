import type { Also } from '../core/accounts/account-store.ts'
import { insertion } from './audit-events.ts'
import type { Database } from './database.ts'
import { addMails } from './mail-outbox.ts'

/** Writes what is committed with a change of an account: its event, and the mails that tell of it. */
export async function addAlso(
  tx: Pick<Database, 'insert' | 'execute'>,
  { event, mails }: Also,
): Promise<void> {
  if (event !== undefined) await tx.execute(insertion([event]))
  await addMails(tx, mails)
}

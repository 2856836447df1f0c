import { and, eq, gt, isNull, ne } from 'drizzle-orm'
import type { User } from '../core/accounts/user.ts'
import { oneTimeTokens } from './accounts-schema.ts'
import type { Database } from './database.ts'

/**
 * Says whether an address is kept for somebody who may still take it back. Asked after the address was written, within
 * the transaction that writes it: whoever gives it away at the same time has committed by then, or waits.
 */
export async function isAddressKept(
  tx: Pick<Database, 'select'>,
  { email, forUserId, at }: { readonly email: string; readonly forUserId: string; readonly at: Date },
): Promise<boolean> {
  const [kept] = await tx
    .select({ id: oneTimeTokens.id })
    .from(oneTimeTokens)
    .where(
      and(
        eq(oneTimeTokens.purpose, 'email-undo'),
        eq(oneTimeTokens.email, email),
        ne(oneTimeTokens.userId, forUserId),
        isNull(oneTimeTokens.usedAt),
        gt(oneTimeTokens.expiresAt, at),
      ),
    )
    .limit(1)
  return kept !== undefined
}

/** The same of the address of a user who is being added. Whoever has none takes none. */
export async function isAddressOfUserKept(
  tx: Pick<Database, 'select'>,
  { id, email, createdAt }: Pick<User, 'id' | 'email' | 'createdAt'>,
): Promise<boolean> {
  return email !== undefined && isAddressKept(tx, { email, forUserId: id, at: createdAt })
}

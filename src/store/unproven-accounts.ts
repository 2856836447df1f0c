import { and, eq, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { PasswordInDoubt } from '../core/accounts/account-store.ts'
import { users } from './accounts-schema.ts'
import type { Database } from './database.ts'

const isUnproven = sql`${users.emailConfirmedAt} is null and ${users.phoneConfirmedAt} is null`

/**
 * What becomes of an account with the first contact that is confirmed: it may have been made by a stranger who gave the
 * address of its owner, so what was opened before ends.
 */
export function beginnings({ at, keepsPassword }: { readonly at: Date; readonly keepsPassword: boolean }) {
  const before = justBefore(at).toISOString()
  const then = (value: SQL, otherwise: AnyPgColumn) =>
    sql`case when ${isUnproven} then ${value} else ${otherwise} end`
  return {
    notBefore: then(sql`${before}::timestamptz`, users.notBefore),
    ...(!keepsPassword && {
      passwordHash: then(sql`null`, users.passwordHash),
      passwordChangedAt: then(sql`${at.toISOString()}::timestamptz`, users.passwordChangedAt),
      version: sql`${users.version} + 1`,
    }),
  }
}

/** Says whether that has become of an account at some moment. */
export function hasBegun(user: { readonly notBefore: Date | null } | undefined, at: Date): boolean {
  return user?.notBefore?.getTime() === justBefore(at).getTime()
}

/** Before the session that is opened by the very proof. */
function justBefore(at: Date): Date {
  return new Date(at.getTime() - 1)
}

/** Takes the password of an account that nothing was confirmed of, if it still is the one that is in doubt. */
export async function takePassword(
  tx: Pick<Database, 'update'>,
  userId: string,
  { passwordHash, at }: PasswordInDoubt,
): Promise<void> {
  await tx
    .update(users)
    .set({ passwordHash: null, passwordChangedAt: at, version: sql`${users.version} + 1` })
    .where(and(eq(users.id, userId), eq(users.passwordHash, passwordHash), isUnproven))
}

import { and, eq, isNull, sql } from 'drizzle-orm'
import type { OneTimeTokenPurpose } from '../core/accounts/one-time-token.ts'
import type { AccountChange, OwnAccountStore } from '../core/accounts/own-account-store.ts'
import { users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { isAddressKept } from './kept-addresses.ts'
import { laidOver } from './laid-over.ts'
import { addOneTimeToken, useOneTimeToken, voidOneTimeTokens, voidPasswordLinks } from './one-time-tokens.ts'
import { endPersonSessions } from './person-sessions.ts'
import { isUniqueViolation } from './store-error.ts'

type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

export function accountChangeStore(db: Database): Pick<OwnAccountStore, 'changeAccount'> {
  return {
    async changeAccount(change) {
      let isKept = false
      try {
        const revocations = await allOrNothing(db, async (tx) => {
          if (!(await writeUser(tx, change))) return undefined
          isKept = await isEmailKept(tx, change)
          if (isKept) return undefined
          return writeRest(tx, change)
        })
        return isKept ? 'email_taken' : revocations
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
        return change.email === undefined ? 'phone_taken' : 'email_taken'
      }
    },
  }
}

/** What a sign-in is judged by makes a new version; what people note of themselves does not. */
async function writeUser(tx: Transaction, change: AccountChange): Promise<boolean> {
  const { userId, userVersion, passwordHash, email, phone, metadata, at } = change
  const isKnown = email !== undefined || phone !== undefined
  const isNew = passwordHash !== undefined || isKnown
  const written = await tx
    .update(users)
    .set({
      ...(passwordHash !== undefined && { passwordHash, passwordChangedAt: at, mustResetPassword: false }),
      ...(email !== undefined && { email, emailConfirmedAt: at }),
      ...(phone !== undefined && { signInPhone: phone, phoneConfirmedAt: at }),
      ...(isKnown && { isAnonymous: false }),
      ...(metadata && { metadata: laidOver(users.metadata, metadata) }),
      ...(isNew && { version: sql`${users.version} + 1` }),
      updatedAt: at,
    })
    .where(
      and(
        eq(users.id, userId),
        eq(users.version, userVersion),
        isNull(users.deletedAt),
        isNull(users.disabledAt),
      ),
    )
    .returning({ id: users.id })
  return written.length === 1
}

async function isEmailKept(tx: Transaction, { email, userId, at }: AccountChange): Promise<boolean> {
  return email !== undefined && isAddressKept(tx, { email, forUserId: userId, at })
}

async function writeRest(tx: Transaction, change: AccountChange) {
  const { userId, sessionId, passwordHash, email, phone, uses, tokens, at, revoke, ...also } = change
  if (uses !== undefined && !(await useOneTimeToken(tx, { id: uses, at }))) return undefined
  if (passwordHash !== undefined) await voidPasswordLinks(tx, userId)
  if (email !== undefined || phone !== undefined) await voidOneTimeTokens(tx, { userId, but: ['email-undo'] })
  for (const purpose of new Set(tokens.flatMap((token) => replacedBy[token.purpose] ?? [token.purpose]))) {
    await voidOneTimeTokens(tx, { userId, purpose })
  }
  for (const token of tokens) await addOneTimeToken(tx, token)
  const which = { userId, scope: 'others', sessionId, now: at } as const
  const revocations = passwordHash === undefined ? [] : await endPersonSessions(tx, which, revoke)
  await addAlso(tx, also)
  return revocations
}

/** Either half of a change of address belongs to one address: none of an earlier change counts for a later one. */
const bothHalves = ['supabase-email-change', 'supabase-email-change-current'] as const
const replacedBy: Readonly<Partial<Record<OneTimeTokenPurpose, readonly OneTimeTokenPurpose[]>>> = {
  'supabase-email-change': bothHalves,
  'supabase-email-change-current': bothHalves,
}

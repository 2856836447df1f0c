import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { OwnAccountStore, PasswordReset } from '../core/accounts/own-account-store.ts'
import { accountChangeStore } from './account-changes.ts'
import { knownDevices, users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { addAlso } from './also.ts'
import type { Database } from './database.ts'
import { deletionStore } from './deletions.ts'
import { isAddressKept } from './kept-addresses.ts'
import { addOneTimeToken, useOneTimeToken, voidOneTimeTokens, voidPasswordLinks } from './one-time-tokens.ts'
import { endPersonSessions } from './person-sessions.ts'
import { personalDataStore } from './personal-data.ts'
import { profileStore } from './profiles.ts'
import { isUniqueViolation } from './store-error.ts'

/** Every verb takes hold of the user first and of tokens then: two that did it the other way round would wait for each other. */
export function ownAccountStore(db: Database): OwnAccountStore {
  return {
    ...accountChangeStore(db),
    ...deletionStore(db),
    ...personalDataStore(db),
    ...profileStore(db),

    changePassword: ({ userId, from, to, at, sessionId, revoke, ...also }) =>
      allOrNothing(db, async (tx) => {
        const judged = and(eq(users.id, userId), eq(users.passwordHash, from))
        if (!(await changeUser(tx, judged, newPassword({ to, at })))) return undefined
        await voidPasswordLinks(tx, userId)
        const which = { userId, scope: 'others', sessionId, now: at } as const
        const revocations = await endPersonSessions(tx, which, revoke)
        await addAlso(tx, also)
        return revocations
      }),

    resetPassword: ({ token, to, at, revoke, ...also }) =>
      allOrNothing(db, async (tx) => {
        const { userId } = token
        const set = { ...newPassword({ to, at }), emailConfirmedAt: confirmedAt(at) }
        if (!(await changeUser(tx, addressee(token), set))) return undefined
        if (!(await useOneTimeToken(tx, { id: token.id, at }))) return undefined
        await voidPasswordLinks(tx, userId)
        // Whoever had the password may have signed in from somewhere that would be known from then on.
        await tx.delete(knownDevices).where(eq(knownDevices.userId, userId))
        const revocations = await endAllSessions(tx, userId, { at, revoke })
        await addAlso(tx, also)
        return revocations
      }),

    async changeEmail({ token, from, to, at, undo, ...also }) {
      const { userId } = token
      try {
        return await allOrNothing(db, async (tx) => {
          const set = { email: to, emailConfirmedAt: at, isAnonymous: false, updatedAt: at }
          const before = from === undefined ? isNull(users.email) : eq(users.email, from)
          const judged = and(eq(users.id, userId), before)
          if (!(await changeUser(tx, judged, set))) return undefined
          if (await isAddressKept(tx, { email: to, forUserId: userId, at })) return undefined
          if (!(await useOneTimeToken(tx, { id: token.id, at }))) return undefined
          // But for those that undo an earlier change: they are the owner's way back.
          await voidOneTimeTokens(tx, { userId, but: ['email-undo'] })
          if (undo !== undefined) await addOneTimeToken(tx, undo)
          await addAlso(tx, also)
          return 'changed'
        })
      } catch (error) {
        if (isUniqueViolation(error)) return 'taken'
        throw error
      }
    },

    undoEmailChange: ({ token, to, at, reset, revoke, ...also }) =>
      allOrNothing(db, async (tx) => {
        const { userId } = token
        const set = { email: to, emailConfirmedAt: at, mustResetPassword: true, updatedAt: at }
        if (!(await changeUser(tx, eq(users.id, userId), set))) return undefined
        if (!(await useOneTimeToken(tx, { id: token.id, at }))) return undefined
        await voidOneTimeTokens(tx, { userId, but: ['email-undo'] })
        // Of several changes the first address outranks those that came after it.
        await voidOneTimeTokens(tx, { userId, purpose: 'email-undo', from: token.createdAt })
        await addOneTimeToken(tx, reset)
        await tx.delete(knownDevices).where(eq(knownDevices.userId, userId))
        const revocations = await endAllSessions(tx, userId, { at, revoke })
        await addAlso(tx, also)
        return revocations
      }),
  }
}

/** Writes a change of what a sign-in is judged by to a user who may be here at all; false when there is none. */
async function changeUser(
  tx: Pick<Database, 'update'>,
  which: SQL | undefined,
  set: Parameters<ReturnType<Database['update']>['set']>[0],
): Promise<boolean> {
  const written = await tx
    .update(users)
    .set({ ...set, version: sql`${users.version} + 1` })
    .where(and(which, isNull(users.deletedAt), isNull(users.disabledAt)))
    .returning({ id: users.id })
  return written.length === 1
}

function newPassword({ to, at }: { readonly to: string; readonly at: Date }) {
  return { passwordHash: to, passwordChangedAt: at, mustResetPassword: false, updatedAt: at }
}

/** The user of a token, while the address is theirs that it was mailed to. */
function addressee({ userId, email }: PasswordReset['token']): SQL | undefined {
  return and(eq(users.id, userId), eq(users.email, email ?? ''))
}

function confirmedAt(at: Date): SQL {
  return sql`coalesce(${users.emailConfirmedAt}, ${at.toISOString()}::timestamptz)`
}

function endAllSessions(
  tx: Parameters<typeof endPersonSessions>[0],
  userId: string,
  { at, revoke }: Pick<PasswordReset, 'at' | 'revoke'>,
): ReturnType<typeof endPersonSessions> {
  return endPersonSessions(tx, { userId, scope: 'all', sessionId: '', now: at }, revoke)
}

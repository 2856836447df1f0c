import { and, arrayContains, asc, count, eq, gt, isNull, or } from 'drizzle-orm'
import type { AdministrationStore } from '../core/accounts/administration-store.ts'
import { users } from './accounts-schema.ts'
import { allOrNothing } from './all-or-nothing.ts'
import { insertKey, keyOf } from './api-keys.ts'
import { afterPosition, clientOf, clientRow } from './clients.ts'
import type { Database } from './database.ts'
import { apiKeys, clients } from './schema.ts'

type OwnedKeys = Pick<AdministrationStore, 'ownClient' | 'insertOwnKey' | 'listOwnedKeys'>

export function ownedKeyStore(db: Database): OwnedKeys {
  return {
    ownClient: (ownerId, fresh) =>
      db.transaction(async (tx) => {
        // Held to the commit: of two first keys at once, one makes the client and the other finds it.
        if (!(await holdOwner(tx, ownerId))) return undefined
        const [found] = await tx
          .select()
          .from(clients)
          .where(and(isOwn(ownerId), isNull(clients.disabledAt)))
          .orderBy(asc(clients.createdAt), asc(clients.id))
          .limit(1)
        if (found !== undefined) return clientOf(found)
        await tx.insert(clients).values(clientRow(fresh))
        return fresh
      }),

    insertOwnKey: async (key, { ownerId, max, replay, now }) => {
      const inserted = await allOrNothing(db, async (tx) => {
        // Held to the commit: whoever else takes a room of this person waits and then counts this one.
        await holdOwner(tx, ownerId)
        if (!(await insertKey(tx, key, replay))) return false
        const lasts = (column: typeof apiKeys.expiresAt | typeof apiKeys.retiresAt) =>
          or(isNull(column), gt(column, now))
        const [counted] = await tx
          .select({ live: count() })
          .from(apiKeys)
          .innerJoin(clients, eq(clients.id, apiKeys.clientId))
          .where(
            and(
              isOwn(ownerId),
              isNull(apiKeys.revokedAt),
              lasts(apiKeys.expiresAt),
              lasts(apiKeys.retiresAt),
            ),
          )
        return counted !== undefined && counted.live <= max ? true : undefined
      })
      return inserted ?? 'too_many'
    },

    async listOwnedKeys(ownerId, { limit, after }) {
      const rows = await db
        .select({ key: apiKeys })
        .from(apiKeys)
        .innerJoin(clients, eq(clients.id, apiKeys.clientId))
        .where(and(eq(clients.ownerId, ownerId), afterPosition(apiKeys, after)))
        .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
        .limit(limit)
      return rows.map(({ key }) => keyOf(key))
    },
  }
}

/** The clients of a person that are bounded by nothing but their owner. */
function isOwn(ownerId: string) {
  return and(eq(clients.ownerId, ownerId), arrayContains(clients.permissions, ['*']))
}

/** Keeps a person to the commit; false where there is none. */
async function holdOwner(tx: Pick<Database, 'select'>, ownerId: string): Promise<boolean> {
  const held = await tx
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.id, ownerId), isNull(users.deletedAt)))
    .for('no key update')
  return held.length === 1
}

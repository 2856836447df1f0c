import { and, arrayContains, asc, eq, isNull } from 'drizzle-orm'
import type { AdministrationStore } from '../core/accounts/administration-store.ts'
import { users } from './accounts-schema.ts'
import { keyOf } from './api-keys.ts'
import { afterPosition, clientOf, clientRow } from './clients.ts'
import type { Database } from './database.ts'
import { apiKeys, clients } from './schema.ts'

export function ownedKeyStore(db: Database): Pick<AdministrationStore, 'ownClient' | 'listOwnedKeys'> {
  return {
    ownClient: (ownerId, fresh) =>
      db.transaction(async (tx) => {
        // Held to the commit: of two first keys at once, one makes the client and the other finds it.
        const [owner] = await tx
          .select({ id: users.id })
          .from(users)
          .where(and(eq(users.id, ownerId), isNull(users.deletedAt)))
          .for('no key update')
        if (owner === undefined) return undefined
        const [found] = await tx
          .select()
          .from(clients)
          .where(
            and(
              eq(clients.ownerId, ownerId),
              arrayContains(clients.permissions, ['*']),
              isNull(clients.disabledAt),
            ),
          )
          .orderBy(asc(clients.createdAt), asc(clients.id))
          .limit(1)
        if (found !== undefined) return clientOf(found)
        await tx.insert(clients).values(clientRow(fresh))
        return fresh
      }),

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

import { and, asc, eq, gt, or, type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Client } from '../core/clients/client.ts'
import type { Position } from '../core/page.ts'
import type { ClientStore } from '../core/ports.ts'
import { announce } from './announcements.ts'
import { keyRow } from './api-keys.ts'
import { insertion } from './audit-events.ts'
import type { Database } from './database.ts'
import { addRevocation } from './revocations.ts'
import { apiKeys, clients } from './schema.ts'
import { isUniqueViolation } from './store-error.ts'

export type ClientRow = typeof clients.$inferSelect

export function clientStore(db: Database): ClientStore {
  return {
    insertFirstClient: (client, key, event) =>
      db.transaction(async (tx) => {
        // Held to the commit: of several instances that start on an empty database, one makes the client.
        await tx.execute(sql`select pg_advisory_xact_lock(hashtext('guichet first client'))`)
        const [any] = await tx.select({ id: clients.id }).from(clients).limit(1)
        if (any !== undefined) return false
        await tx.insert(clients).values(clientRow(client))
        await tx.insert(apiKeys).values(keyRow(key))
        if (event !== undefined) await tx.execute(insertion([event]))
        return true
      }),

    async insertClient(client) {
      try {
        await db.insert(clients).values(clientRow(client))
        return true
      } catch (error) {
        if (isUniqueViolation(error)) return false
        throw error
      }
    },

    async findClient(id) {
      const [row] = await db.select().from(clients).where(eq(clients.id, id))
      return row && clientOf(row)
    },

    async listClients({ limit, after }) {
      const rows = await db
        .select()
        .from(clients)
        .where(afterPosition(clients, after))
        .orderBy(asc(clients.createdAt), asc(clients.id))
        .limit(limit)
      return rows.map(clientOf)
    },

    cutOffClient: (id, revocation) =>
      db.transaction(async (tx) => {
        const [row] = await tx
          .update(clients)
          // Never back: an instance whose clock is behind must not wake what an earlier cut-off ended.
          .set({
            notBefore: sql`greatest(${clients.notBefore}, ${revocation.cutoff.toISOString()}::timestamptz)`,
          })
          .where(eq(clients.id, id))
          .returning()
        if (row === undefined) return undefined
        await addRevocation(tx, revocation)
        await announce(tx, { type: 'client', id })
        return clientOf(row)
      }),

    async anyClient() {
      const [row] = await db.select({ id: clients.id }).from(clients).limit(1)
      return row !== undefined
    },
  }
}

export function clientOf(row: ClientRow): Client {
  return {
    ...row,
    disabledAt: row.disabledAt ?? undefined,
    notBefore: row.notBefore ?? undefined,
    ownerId: row.ownerId ?? undefined,
  }
}

/** The rows that come after `after` in the order of creation. */
export function afterPosition(
  table: { readonly createdAt: PgColumn; readonly id: PgColumn },
  after: Position | undefined,
): SQL | undefined {
  if (after === undefined) return undefined
  return or(
    gt(table.createdAt, after.createdAt),
    and(eq(table.createdAt, after.createdAt), gt(table.id, after.id)),
  )
}

export function clientRow(client: Client): typeof clients.$inferInsert {
  return { ...client, permissions: [...client.permissions] }
}

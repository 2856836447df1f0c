import { and, asc, eq, lte, sql } from 'drizzle-orm'
import { groupCommit } from '../core/group-commit.ts'
import type { ApiKey, KeyWithClient } from '../core/keys/api-key.ts'
import type { Replay } from '../core/keys/idempotency.ts'
import type { KeyStore } from '../core/ports.ts'
import { announce } from './announcements.ts'
import { arrayText } from './array-text.ts'
import { afterPosition, clientOf } from './clients.ts'
import type { Database } from './database.ts'
import { keyUsageStore } from './key-usage.ts'
import { addRevocation } from './revocations.ts'
import { apiKeys, clients, keyQuotas, keyUsage, replays } from './schema.ts'
import { type HotPath, statementName } from './statement.ts'
import { storeError } from './store-error.ts'

export type KeyRow = typeof apiKeys.$inferSelect
type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0]

export function keyStore(db: Database, hotPath: HotPath): KeyStore {
  const findByIds = db
    .select({ key: apiKeys, client: clients })
    .from(apiKeys)
    .innerJoin(clients, eq(clients.id, apiKeys.clientId))
    .where(sql`${apiKeys.id} = any(${sql.placeholder('ids')}::text[])`)
    .prepare(statementName(hotPath, 'find_keys'))
  // Together as well: what is remembered of keys is read anew each minute, of all that are in use.
  const findTogether = groupCommit<string, KeyWithClient | undefined>(
    async (ids) => {
      const rows = await findByIds.execute({ ids: arrayText([...new Set(ids)]) }).catch((fault) => {
        throw storeError(fault)
      })
      const found = new Map(
        rows.map(({ key, client }) => [key.id, { key: keyOf(key), client: clientOf(client) }]),
      )
      return ids.map((id) => found.get(id))
    },
    { batchMax: 500, gather: hotPath.gather },
  )
  return {
    ...keyUsageStore(db, hotPath),

    insertKey: (key, replay) => db.transaction((tx) => insertKey(tx, key, replay)),

    findKey: (id) => findTogether(id),

    async listKeys(clientId, { limit, after }) {
      const rows = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.clientId, clientId), afterPosition(apiKeys, after)))
        .orderBy(asc(apiKeys.createdAt), asc(apiKeys.id))
        .limit(limit)
      return rows.map(keyOf)
    },

    replaceKey: (key, revocation) =>
      db.transaction(async (tx) => {
        if (!(await writeKey(tx, key))) return false
        if (revocation !== undefined) await addRevocation(tx, revocation)
        return true
      }),

    succeedKey: (retiring, successor, replay) =>
      db.transaction(async (tx) => {
        if (replay !== undefined && !(await addReplay(tx, replay))) return false
        if (await writeKey(tx, retiring)) {
          await tx.insert(apiKeys).values(keyRow(successor))
          return true
        }
        if (replay !== undefined) await tx.delete(replays).where(eq(replays.id, replay.id))
        return false
      }),

    deleteKey: (id, revocation) =>
      db.transaction(async (tx) => {
        const deleted = await tx.delete(apiKeys).where(eq(apiKeys.id, id)).returning({ id: apiKeys.id })
        if (deleted.length === 0) return false
        await tx.delete(keyUsage).where(eq(keyUsage.keyId, id))
        await tx.delete(keyQuotas).where(eq(keyQuotas.keyId, id))
        await addRevocation(tx, revocation)
        await announce(tx, { type: 'key', id })
        return true
      }),

    rehashKey: (id, { from, to }) =>
      db.transaction(async (tx) => {
        const rehashed = await tx
          .update(apiKeys)
          .set({ digest: to })
          .where(and(eq(apiKeys.id, id), eq(apiKeys.digest, from)))
          .returning({ id: apiKeys.id })
        if (rehashed.length > 0) await announce(tx, { type: 'key', id })
      }),

    async findReplay(id) {
      const [row] = await db.select().from(replays).where(eq(replays.id, id))
      return row
    },
  }
}

/** Writes the key over the version before it, and tells the instances that remember it. */
async function writeKey(tx: Transaction, key: ApiKey): Promise<boolean> {
  const written = await tx
    .update(apiKeys)
    .set(keyRow(key))
    .where(and(eq(apiKeys.id, key.id), eq(apiKeys.version, key.version - 1)))
    .returning({ id: apiKeys.id })
  if (written.length === 0) return false
  await announce(tx, { type: 'key', id: key.id })
  return true
}

/** Adds a key within the transaction of what bounds it; false where its replay is there already. */
export async function insertKey(tx: Transaction, key: ApiKey, replay: Replay | undefined): Promise<boolean> {
  if (replay !== undefined && !(await addReplay(tx, replay))) return false
  await tx.insert(apiKeys).values(keyRow(key))
  return true
}

/** Takes the place of an answer that is no longer kept; false when one still is. */
async function addReplay(tx: Transaction, replay: Replay): Promise<boolean> {
  const added = await tx
    .insert(replays)
    .values(replay)
    .onConflictDoUpdate({
      target: replays.id,
      set: replay,
      setWhere: lte(replays.expiresAt, replay.createdAt),
    })
    .returning({ id: replays.id })
  return added.length === 1
}

export function keyOf(row: KeyRow): ApiKey {
  return {
    ...row,
    expiresAt: row.expiresAt ?? undefined,
    disabledAt: row.disabledAt ?? undefined,
    revokedAt: row.revokedAt ?? undefined,
    revokedReason: row.revokedReason ?? undefined,
    successorId: row.successorId ?? undefined,
    rotatedAt: row.rotatedAt ?? undefined,
    retiresAt: row.retiresAt ?? undefined,
    rateLimit: row.rateLimit ?? undefined,
    quota: row.quota ?? undefined,
  }
}

/** Every column, absent values as null: an update must be able to empty a field. */
export function keyRow(key: ApiKey): typeof apiKeys.$inferInsert {
  return {
    ...key,
    permissions: [...key.permissions],
    allowedCidrs: [...key.allowedCidrs],
    expiresAt: key.expiresAt ?? null,
    disabledAt: key.disabledAt ?? null,
    revokedAt: key.revokedAt ?? null,
    revokedReason: key.revokedReason ?? null,
    successorId: key.successorId ?? null,
    rotatedAt: key.rotatedAt ?? null,
    retiresAt: key.retiresAt ?? null,
    rateLimit: key.rateLimit ?? null,
    quota: key.quota ?? null,
  }
}

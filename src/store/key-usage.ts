import { eq, sql } from 'drizzle-orm'
import type { KeyStore } from '../core/ports.ts'
import type { Database } from './database.ts'
import { keyUsage } from './schema.ts'

export function keyUsageStore(db: Database): Pick<KeyStore, 'findKeyUsage' | 'addKeyUses'> {
  return {
    async findKeyUsage(keyId) {
      const [row] = await db.select().from(keyUsage).where(eq(keyUsage.keyId, keyId))
      if (row === undefined) return undefined
      return {
        count: row.count,
        lastUsedAt: row.lastUsedAt,
        lastAddress: row.lastAddress ?? undefined,
        lastUserAgent: row.lastUserAgent ?? undefined,
      }
    },

    async addKeyUses(uses) {
      if (uses.length === 0) return
      // In one order on every instance: two that write the same keys the other way round would wait for each other.
      const rows = uses.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))
      await db
        .insert(keyUsage)
        .values([...rows])
        .onConflictDoUpdate({
          target: keyUsage.keyId,
          set: {
            count: sql`${keyUsage.count} + excluded.count`,
            lastUsedAt: sql`greatest(${keyUsage.lastUsedAt}, excluded.last_used_at)`,
            lastAddress: sql`excluded.last_address`,
            lastUserAgent: sql`excluded.last_user_agent`,
          },
        })
    },
  }
}

import { eq } from 'drizzle-orm'
import type { KeyStore } from '../core/ports.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'
import { keyUsage } from './schema.ts'
import { type HotPath, statement } from './statement.ts'

const addition = `insert into key_usage (key_id, count, last_used_at, last_address, last_user_agent)
  select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[])
  on conflict (key_id) do update set count = key_usage.count + excluded.count,
    last_used_at = greatest(key_usage.last_used_at, excluded.last_used_at),
    last_address = excluded.last_address, last_user_agent = excluded.last_user_agent`

export function keyUsageStore(db: Database, hotPath: HotPath): Pick<KeyStore, 'findKeyUsage' | 'addKeyUses'> {
  const add = statement(db, hotPath, { name: 'add_key_uses', text: addition, parameters: 5 })
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
      await add([
        arrayText(rows.map(({ keyId }) => keyId)),
        arrayText(rows.map(({ count }) => count)),
        arrayText(rows.map(({ lastUsedAt }) => lastUsedAt.toISOString())),
        arrayText(rows.map(({ lastAddress }) => lastAddress ?? null)),
        arrayText(rows.map(({ lastUserAgent }) => lastUserAgent ?? null)),
      ])
    },
  }
}

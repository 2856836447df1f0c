import { asc, sql } from 'drizzle-orm'
import type { SigningKeyStore } from '../core/ports.ts'
import type { SigningKeyRecord } from '../core/tokens/signing-key-state.ts'
import { announce } from './announcements.ts'
import type { Database } from './database.ts'
import { signingKeys } from './schema.ts'

export function signingKeyStore(db: Database): SigningKeyStore {
  return {
    listSigningKeys: () => list(db),

    changeSigningKeys: (decide) =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select pg_advisory_xact_lock(hashtext('guichet signing keys'))`)
        const { write, outcome } = decide(await list(tx))
        for (const record of write) {
          const row = rowOf(record)
          await tx.insert(signingKeys).values(row).onConflictDoUpdate({ target: signingKeys.kid, set: row })
        }
        if (write.length > 0) await announce(tx, { type: 'signing-keys' })
        return outcome
      }),
  }
}

async function list(db: Pick<Database, 'select'>): Promise<readonly SigningKeyRecord[]> {
  const rows = await db.select().from(signingKeys).orderBy(asc(signingKeys.createdAt), asc(signingKeys.kid))
  return rows.map((row) => ({
    ...row,
    publicJwk: row.publicJwk ?? undefined,
    sealedPrivateJwk: row.sealedPrivateJwk ?? undefined,
    activeFrom: row.activeFrom ?? undefined,
    retiresAt: row.retiresAt ?? undefined,
    goneAt: row.goneAt ?? undefined,
  }))
}

/** Every column, absent values as null: an update must be able to empty a field. */
function rowOf(record: SigningKeyRecord): typeof signingKeys.$inferInsert {
  return {
    ...record,
    publicJwk: record.publicJwk ?? null,
    sealedPrivateJwk: record.sealedPrivateJwk ?? null,
    activeFrom: record.activeFrom ?? null,
    retiresAt: record.retiresAt ?? null,
    goneAt: record.goneAt ?? null,
  }
}

import { and, asc, eq, gte, lte, sql } from 'drizzle-orm'
import type { AuditStore } from '../core/audit/audit-store.ts'
import type { AuditChain } from '../core/audit/chain.ts'
import { countedKinds } from '../core/audit/event.ts'
import { arrayText } from './array-text.ts'
import { type AuditColumns, auditColumns, eventOfColumns } from './audit-columns.ts'
import type { AuditEnd } from './audit-end.ts'
import { linkedOf, rowsOf } from './audit-events.ts'
import type { Database } from './database.ts'
import { auditChain, auditEvents } from './schema.ts'
import { type HotPath, statement } from './statement.ts'

type Transaction = Pick<Database, '_' | 'execute' | 'select' | 'update' | 'delete' | 'insert'>

const unlinkedText = `select ${auditColumns()} from audit_events
  where seq is null and (kind not in (${countedKinds.map((kind) => `'${kind}'`).join(', ')}) or at < $1::timestamptz)
  order by at, id limit $2::int for update`

const linkText = `update audit_events set seq = link.seq, hash = link.hash
  from unnest($1::uuid[], $2::bigint[], $3::text[]) as link (id, seq, hash) where audit_events.id = link.id`

/** The chain has one record. */
const CHAIN_ID = 1

export function auditChainStore(
  db: Database,
  { hotPath, end }: { readonly hotPath: HotPath; readonly end: AuditEnd },
): Pick<AuditStore, 'linkAuditEvents' | 'pruneAuditEvents' | 'findAuditChain'> {
  return {
    async linkAuditEvents({ limit, countedBefore }, extend) {
      // Between two batches the calls have their turn.
      await hotPath.gather?.()
      const { linked, chain } = await db.transaction(async (tx) => {
        if (!(await holdChain(tx))) return { linked: 0, chain: undefined }
        const unlinked = statement<AuditColumns>(tx as Database, hotPath, {
          name: 'unlinked_audit_events',
          text: unlinkedText,
          parameters: 2,
        })
        const rows = await unlinked([countedBefore.toISOString(), limit])
        if (rows.length === 0) {
          const idle = await findChain(tx)
          // Looked at without a lock: inserts that go on linking must not be turned away each second.
          const pending = extend(idle, [])
          if (pending === 'broken') return { linked: undefined, chain: undefined }
          if (pending === undefined) return { linked: 0, chain: idle }
        }
        const held = await lockChain(tx)
        const extension = extend(held, rows.map(eventOfColumns))
        if (extension === 'broken') return { linked: undefined, chain: undefined }
        if (extension === undefined) return { linked: 0, chain: held }
        const { links, chain } = extension
        const link = statement(tx as Database, hotPath, {
          name: 'link_audit_events',
          text: linkText,
          parameters: 3,
        })
        await link([
          arrayText(links.map(({ id }) => id)),
          arrayText(links.map(({ seq }) => seq)),
          arrayText(links.map(({ hash }) => hash)),
        ])
        await writeChain(tx, chain)
        return { linked: links.length, chain }
      })
      if (chain !== undefined) end.remember(chain)
      return linked
    },

    async pruneAuditEvents(limit, shorten) {
      const { pruned, chain } = await db.transaction(async (tx) => {
        if (!(await holdChain(tx))) return { pruned: 0, chain: undefined }
        const held = await lockChain(tx)
        if (held === undefined) return { pruned: 0, chain: undefined }
        const rows = await tx
          .select()
          .from(auditEvents)
          .where(gte(auditEvents.seq, held.firstSeq))
          .orderBy(asc(auditEvents.seq))
          .limit(limit)
        const pruning = shorten(held, rows.map(linkedOf))
        if (pruning === undefined) return { pruned: 0, chain: undefined }
        const deleted = await tx
          .delete(auditEvents)
          .where(and(gte(auditEvents.seq, held.firstSeq), lte(auditEvents.seq, pruning.throughSeq)))
          .returning({ id: auditEvents.id })
        await writeChain(tx, pruning.chain)
        return { pruned: deleted.length, chain: pruning.chain }
      })
      if (chain !== undefined) end.remember(chain)
      return pruned
    },

    findAuditChain: () => findChain(db),
  }
}

/** Takes the work on the chain for this transaction; false when another instance has it. */
async function holdChain(tx: Transaction): Promise<boolean> {
  const [row] = await rowsOf<{ held: boolean }>(
    tx,
    sql`select pg_try_advisory_xact_lock(hashtext('guichet audit chain')) as held`,
  )
  return row?.held === true
}

async function findChain(tx: Pick<Database, 'select'>): Promise<AuditChain | undefined> {
  const [row] = await chainOf(tx)
  return row && endsOf(row)
}

/** The chain as the last insert that linked its rows left it, which no other one moves until this transaction ends. */
async function lockChain(tx: Transaction): Promise<AuditChain | undefined> {
  const [row] = await chainOf(tx).for('update')
  return row && endsOf(row)
}

function chainOf(tx: Pick<Database, 'select'>) {
  return tx.select().from(auditChain).where(eq(auditChain.id, CHAIN_ID))
}

function endsOf({ id: _id, ...chain }: typeof auditChain.$inferSelect): AuditChain {
  return chain
}

async function writeChain(tx: Transaction, chain: AuditChain): Promise<void> {
  await tx
    .insert(auditChain)
    .values({ id: CHAIN_ID, ...chain })
    .onConflictDoUpdate({ target: auditChain.id, set: chain })
}

import { and, asc, desc, eq, gt, gte, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { AuditFilter, AuditStore } from '../core/audit/audit-store.ts'
import type { AuditChain, LinkedAuditEvent } from '../core/audit/chain.ts'
import { type AuditEvent, type auditKinds, countedKinds } from '../core/audit/event.ts'
import { arrayText } from './array-text.ts'
import {
  type AuditColumns,
  auditColumnCount,
  auditColumns,
  auditLists,
  auditValues,
  eventOfColumns,
} from './audit-columns.ts'
import type { Database } from './database.ts'
import { auditChain, auditEvents } from './schema.ts'
import { type HotPath, statement } from './statement.ts'

type AuditRow = typeof auditEvents.$inferSelect
type Transaction = Pick<Database, 'execute' | 'select' | 'update' | 'delete' | 'insert'>

const unlinkedText = `select ${auditColumns()} from audit_events
  where seq is null and (kind not in (${countedKinds.map((kind) => `'${kind}'`).join(', ')}) or at < $1::timestamptz)
  order by at, id limit $2::int for update`

const linkText = `update audit_events set seq = link.seq, hash = link.hash
  from unnest($1::uuid[], $2::bigint[], $3::text[]) as link (id, seq, hash) where audit_events.id = link.id`

/** The chain has one record. */
const CHAIN_ID = 1

export function auditStore(db: Database, hotPath: HotPath): AuditStore {
  const insert = statement(db, hotPath, {
    name: 'insert_audit_events',
    text: `insert into audit_events (${auditColumns()}) select * from unnest(${auditLists(1)})`,
    parameters: auditColumnCount,
  })
  return {
    async insertAuditEvents(events) {
      if (events.length > 0) await insert(auditValues(events))
    },

    async addAuditCounts(events) {
      if (events.length === 0) return []
      // In the order in which the linker locks them: two that lock the other way round would wait for each other.
      const rows = events.toSorted((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1))
      const counted = await rowsOf<{ id: string }>(
        db,
        sql`${insertion(rows)} on conflict (id) do update
          set count = audit_events.count + excluded.count,
            details = jsonb_build_object('addresses', ${samples('addresses')}, 'request_ids', ${samples('request_ids')})
          where audit_events.seq is null
          returning id`,
      )
      const written = new Set(counted.map(({ id }) => id))
      return events.flatMap(({ id }) => (written.has(id) ? [] : [id]))
    },

    async linkAuditEvents({ limit, countedBefore }, extend) {
      // Between two batches the calls have their turn.
      await hotPath.gather?.()
      return db.transaction(async (tx) => {
        if (!(await holdChain(tx))) return 0
        const unlinked = statement<AuditColumns>(tx, hotPath, {
          name: 'unlinked_audit_events',
          text: unlinkedText,
          parameters: 2,
        })
        const rows = await unlinked([countedBefore.toISOString(), limit])
        const extension = extend(await findChain(tx), rows.map(eventOfColumns))
        if (extension === 'broken') return undefined
        if (extension === undefined) return 0
        const { links, chain } = extension
        const link = statement(tx, hotPath, { name: 'link_audit_events', text: linkText, parameters: 3 })
        await link([
          arrayText(links.map(({ id }) => id)),
          arrayText(links.map(({ seq }) => seq)),
          arrayText(links.map(({ hash }) => hash)),
        ])
        await writeChain(tx, chain)
        return links.length
      })
    },

    pruneAuditEvents: (limit, shorten) =>
      db.transaction(async (tx) => {
        if (!(await holdChain(tx))) return 0
        const chain = await findChain(tx)
        if (chain === undefined) return 0
        const rows = await tx
          .select()
          .from(auditEvents)
          .where(gte(auditEvents.seq, chain.firstSeq))
          .orderBy(asc(auditEvents.seq))
          .limit(limit)
        const pruning = shorten(chain, rows.map(linkedOf))
        if (pruning === undefined) return 0
        const deleted = await tx
          .delete(auditEvents)
          .where(and(gte(auditEvents.seq, chain.firstSeq), lte(auditEvents.seq, pruning.throughSeq)))
          .returning({ id: auditEvents.id })
        await writeChain(tx, pruning.chain)
        return deleted.length
      }),

    findAuditChain: () => findChain(db),

    async listLinkedAuditEvents({ afterSeq, toSeq, limit }, filter) {
      const rows = await db
        .select()
        .from(auditEvents)
        .where(
          and(
            gt(auditEvents.seq, afterSeq),
            Number.isFinite(toSeq) ? lte(auditEvents.seq, toSeq) : undefined,
            condition(filter),
          ),
        )
        .orderBy(asc(auditEvents.seq))
        .limit(limit)
      return rows.map(linkedOf)
    },

    async listAuditEvents(filter, { limit, before }) {
      const rows = await db
        .select()
        .from(auditEvents)
        .where(
          and(
            condition(filter),
            before &&
              or(
                lt(auditEvents.at, before.at),
                and(eq(auditEvents.at, before.at), lt(auditEvents.id, before.id)),
              ),
          ),
        )
        .orderBy(desc(auditEvents.at), desc(auditEvents.id))
        .limit(limit)
      return rows.map((row) => ({ ...eventOf(row), seq: row.seq ?? undefined }))
    },
  }
}

/** All rows as one JSON parameter: the text of the statement stays the same however many they are. */
export function insertion(events: readonly AuditEvent[]): SQL {
  return sql`insert into audit_events (id, at, kind, client_id, key_id, session_id, target, reason, address,
      user_agent, request_id, count, details)
    select id, at, kind, "clientId", "keyId", "sessionId", target, reason, address, "userAgent", "requestId", count, details
    from json_to_recordset(${JSON.stringify(events)}::json) as event (id uuid, at timestamptz, kind text,
      "clientId" text, "keyId" text, "sessionId" text, target text, reason text, address text, "userAgent" text,
      "requestId" text, count int, details jsonb)`
}

/** A few of the samples that two counts of one row bring. */
function samples(name: 'addresses' | 'request_ids'): SQL {
  return sql`(select coalesce(jsonb_agg(value), '[]') from (select distinct value from jsonb_array_elements(
    (audit_events.details -> ${name}::text) || (excluded.details -> ${name}::text)) limit 5) as sample)`
}

/** Takes the chain for this transaction; false when another instance has it. */
async function holdChain(tx: Transaction): Promise<boolean> {
  const [row] = await rowsOf<{ held: boolean }>(
    tx,
    sql`select pg_try_advisory_xact_lock(hashtext('guichet audit chain')) as held`,
  )
  return row?.held === true
}

async function findChain(tx: Pick<Database, 'select'>): Promise<AuditChain | undefined> {
  const [row] = await tx.select().from(auditChain).where(eq(auditChain.id, CHAIN_ID))
  if (row === undefined) return undefined
  const { id: _id, ...chain } = row
  return chain
}

async function writeChain(tx: Transaction, chain: AuditChain): Promise<void> {
  await tx
    .insert(auditChain)
    .values({ id: CHAIN_ID, ...chain })
    .onConflictDoUpdate({ target: auditChain.id, set: chain })
}

function condition({ kind, clientId, keyId, sessionId, requestId, from, to }: AuditFilter): SQL | undefined {
  return and(
    kind === undefined ? undefined : eq(auditEvents.kind, kind),
    clientId === undefined ? undefined : eq(auditEvents.clientId, clientId),
    keyId === undefined ? undefined : eq(auditEvents.keyId, keyId),
    sessionId === undefined ? undefined : eq(auditEvents.sessionId, sessionId),
    requestId === undefined ? undefined : eq(auditEvents.requestId, requestId),
    from === undefined ? undefined : gte(auditEvents.at, from),
    to === undefined ? undefined : lt(auditEvents.at, to),
  )
}

function linkedOf(row: AuditRow): LinkedAuditEvent {
  return { ...eventOf(row), seq: row.seq ?? 0, hash: row.hash ?? '' }
}

function eventOf({ seq: _seq, hash: _hash, ...row }: AuditRow): AuditEvent {
  return {
    ...row,
    // As it stands, whatever it is: a kind that we never wrote must fail in the chain and not here.
    kind: row.kind as (typeof auditKinds)[number],
    clientId: row.clientId ?? undefined,
    keyId: row.keyId ?? undefined,
    sessionId: row.sessionId ?? undefined,
    target: row.target ?? undefined,
    reason: row.reason ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
    requestId: row.requestId ?? undefined,
  }
}

/** The drivers agree on how an answer holds its rows, and the type that they share does not say so. */
async function rowsOf<T>(db: Pick<Database, 'execute'>, statement: SQL): Promise<readonly T[]> {
  const result = (await db.execute(statement)) as unknown as { readonly rows: readonly T[] }
  return result.rows
}

import { and, asc, desc, eq, gt, gte, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { AuditFilter, AuditStore, StoredAuditEvent } from '../core/audit/audit-store.ts'
import type { LinkedAuditEvent } from '../core/audit/chain.ts'
import type { AuditEvent, auditKinds } from '../core/audit/event.ts'
import { auditColumnCount, auditColumns, auditLists, auditValues } from './audit-columns.ts'
import { type AuditEnd, advanceEnd, linkLists, linkParameterCount } from './audit-end.ts'
import type { Database } from './database.ts'
import { auditEvents } from './schema.ts'
import { type HotPath, statement } from './statement.ts'

type AuditRow = typeof auditEvents.$inferSelect

const linksFrom = auditColumnCount + 1
const insertText = `with wanted as (
    select * from unnest(${auditLists(1)}, ${linkLists(linksFrom)}) as wanted (${auditColumns()}, seq, hash)
  ), advanced as (
    ${advanceEnd(linksFrom, 'true')}
  ), told as (
    insert into audit_events (${auditColumns()}, seq, hash)
    select ${auditColumns('wanted.')}, case when advanced.id is not null then seq end,
      case when advanced.id is not null then hash end from wanted left join advanced on true
  )
  select exists (select from advanced)`

/** The rows of the log, whatever their place in the chain. */
export function auditEventStore(
  db: Database,
  { hotPath, end }: { readonly hotPath: HotPath; readonly end: AuditEnd },
): Pick<AuditStore, 'insertAuditEvents' | 'addAuditCounts' | 'listLinkedAuditEvents' | 'listAuditEvents'> {
  const insert = statement<readonly [linked: boolean]>(db, hotPath, {
    name: 'insert_audit_events',
    text: insertText,
    parameters: auditColumnCount + linkParameterCount,
  })
  return {
    async insertAuditEvents(events) {
      if (events.length === 0) return
      const linking = end.take(events)
      const [row] = await insert([...auditValues(events), ...linking.values]).catch((fault) => {
        linking.settle('untried')
        throw fault
      })
      linking.settle(row?.[0] ? 'linked' : 'refused')
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
      return rows.map(storedEventOf)
    },
  }
}

/** All rows as one JSON parameter: the text of the statement stays the same however many they are. */
export function insertion(events: readonly AuditEvent[]): SQL {
  return sql`insert into audit_events (id, at, kind, client_id, key_id, session_id, target, reason, address,
      user_agent, request_id, count, details, user_id)
    select id, at, kind, "clientId", "keyId", "sessionId", target, reason, address, "userAgent", "requestId", count,
      details, "userId"
    from json_to_recordset(${JSON.stringify(events)}::json) as event (id uuid, at timestamptz, kind text,
      "clientId" text, "keyId" text, "sessionId" text, target text, reason text, address text, "userAgent" text,
      "requestId" text, count int, details jsonb, "userId" text)`
}

/** A few of the samples that two counts of one row bring. */
function samples(name: 'addresses' | 'request_ids'): SQL {
  return sql`(select coalesce(jsonb_agg(value), '[]') from (select distinct value from jsonb_array_elements(
    (audit_events.details -> ${name}::text) || (excluded.details -> ${name}::text)) limit 5) as sample)`
}

function condition(filter: AuditFilter): SQL | undefined {
  const { kind, clientId, keyId, sessionId, userId, requestId, from, to } = filter
  return and(
    kind === undefined ? undefined : eq(auditEvents.kind, kind),
    clientId === undefined ? undefined : eq(auditEvents.clientId, clientId),
    keyId === undefined ? undefined : eq(auditEvents.keyId, keyId),
    sessionId === undefined ? undefined : eq(auditEvents.sessionId, sessionId),
    userId === undefined ? undefined : eq(auditEvents.userId, userId),
    requestId === undefined ? undefined : eq(auditEvents.requestId, requestId),
    from === undefined ? undefined : gte(auditEvents.at, from),
    to === undefined ? undefined : lt(auditEvents.at, to),
  )
}

export function storedEventOf(row: AuditRow): StoredAuditEvent {
  return { ...eventOf(row), seq: row.seq ?? undefined }
}

export function linkedOf(row: AuditRow): LinkedAuditEvent {
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
    userId: row.userId ?? undefined,
    target: row.target ?? undefined,
    reason: row.reason ?? undefined,
    address: row.address ?? undefined,
    userAgent: row.userAgent ?? undefined,
    requestId: row.requestId ?? undefined,
  }
}

/** The drivers agree on how an answer holds its rows, and the type that they share does not say so. */
export async function rowsOf<T>(db: Pick<Database, 'execute'>, statement: SQL): Promise<readonly T[]> {
  const result = (await db.execute(statement)) as unknown as { readonly rows: readonly T[] }
  return result.rows
}

import type { AuditEvent, AuditKind } from '../core/audit/event.ts'
import { momentText } from '../core/moment-text.ts'
import { columnText } from './array-text.ts'

/** The columns that a new row of the audit log has, with the types of the lists that bring them. */
const columns = [
  ['id', 'uuid', (event) => event.id],
  ['at', 'timestamptz', (event) => momentText(event.at)],
  ['kind', 'text', (event) => event.kind],
  ['client_id', 'text', (event) => event.clientId ?? null],
  ['key_id', 'text', (event) => event.keyId ?? null],
  ['session_id', 'text', (event) => event.sessionId ?? null],
  ['target', 'text', (event) => event.target ?? null],
  ['reason', 'text', (event) => event.reason ?? null],
  ['address', 'text', (event) => event.address ?? null],
  ['user_agent', 'text', (event) => event.userAgent ?? null],
  ['request_id', 'text', (event) => event.requestId ?? null],
  ['count', 'int', (event) => event.count],
  ['details', 'jsonb', (event) => JSON.stringify(event.details)],
  ['user_id', 'text', (event) => event.userId ?? null],
] as const satisfies readonly (readonly [string, string, (event: AuditEvent) => string | number | null])[]

export const auditColumnCount = columns.length

/** As they stand in a list of columns, each after `prefix`. */
export function auditColumns(prefix = ''): string {
  return columns.map(([name]) => prefix + name).join(', ')
}

/** The lists as `unnest` takes them, from `$first` on. */
export function auditLists(first: number): string {
  return columns.map(([, type], index) => `$${first + index}::${type}[]`).join(', ')
}

/** The values of `auditLists`; an event that is undefined leaves nulls in its place. */
export function auditValues(events: readonly (AuditEvent | undefined)[]): readonly (string | null)[] {
  return columns.map(([, , read]) =>
    columnText(events.map((event) => (event === undefined ? null : read(event)))),
  )
}

/** A row of these columns in their order, as the drivers bring it. */
export type AuditColumns = readonly [
  id: string,
  at: string,
  kind: string,
  clientId: string | null,
  keyId: string | null,
  sessionId: string | null,
  target: string | null,
  reason: string | null,
  address: string | null,
  userAgent: string | null,
  requestId: string | null,
  count: number,
  details: AuditEvent['details'],
  userId: string | null,
]

/** The event of a row that was selected by `auditColumns`. */
export function eventOfColumns(row: AuditColumns): AuditEvent {
  return {
    id: row[0],
    at: new Date(row[1]),
    // As it stands, whatever it is: a kind that we never wrote must fail in the chain and not here.
    kind: row[2] as AuditKind,
    clientId: row[3] ?? undefined,
    keyId: row[4] ?? undefined,
    sessionId: row[5] ?? undefined,
    target: row[6] ?? undefined,
    reason: row[7] ?? undefined,
    address: row[8] ?? undefined,
    userAgent: row[9] ?? undefined,
    requestId: row[10] ?? undefined,
    count: row[11],
    details: row[12],
    userId: row[13] ?? undefined,
  }
}

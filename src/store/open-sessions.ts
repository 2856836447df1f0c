import type { AuditEvent } from '../core/audit/event.ts'
import { type GroupCommit, groupCommit } from '../core/group-commit.ts'
import { momentText } from '../core/moment-text.ts'
import type { SessionStore } from '../core/ports.ts'
import type { KeySession } from '../core/tokens/session.ts'
import { arrayText, columnText } from './array-text.ts'
import { auditColumnCount, auditColumns, auditLists, auditValues } from './audit-columns.ts'
import { type AuditEnd, advanceEnd, createAuditEnd, linkLists, linkParameterCount } from './audit-end.ts'
import type { Database } from './database.ts'
import { type HotPath, statement } from './statement.ts'

interface Opening {
  readonly session: KeySession
  readonly keyVersion: number
  readonly event: AuditEvent | undefined
}

const batches = { batchMax: 500 }

const openings = [
  ['id', 'uuid', ({ session }) => session.id],
  ['client_id', 'uuid', ({ session }) => session.clientId],
  ['key_id', 'text', ({ session }) => session.keyId],
  ['key_version', 'int', ({ keyVersion }) => keyVersion],
  ['refresh_digest', 'text', ({ session }) => session.refreshDigest],
  ['rotates', 'boolean', ({ session }) => String(session.rotates)],
  // A list within a list, which only a text can be.
  ['permissions', 'text', ({ session }) => session.permissions && arrayText(session.permissions)],
  ['audiences', 'text', ({ session }) => session.audiences && arrayText(session.audiences)],
  ['access_ttl_seconds', 'int', ({ session }) => session.accessTtlSeconds],
  ['created_at', 'timestamptz', ({ session }) => momentText(session.createdAt)],
  ['expires_at', 'timestamptz', ({ session }) => momentText(session.expiresAt)],
  ['last_used_at', 'timestamptz', ({ session }) => momentText(session.lastUsedAt)],
] as const satisfies readonly (readonly [string, string, (opening: Opening) => string | number | undefined])[]

const names = openings.map(([name]) => name).join(', ')
const lists = openings.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')

// A session is opened where its key is still in the version that was judged, and its event is told where it is opened.
// Both come of the same rows, so that there is no one without the other.
// Linked where all of them are admitted, since each hash is over the one before.
const linksFrom = openings.length + auditColumnCount + 1
const textOf = (onConflict: string) => `with wanted as (
    select * from unnest(${lists}, ${auditLists(openings.length + 1)}, ${linkLists(linksFrom)})
      as wanted (${names}, ${auditColumns('event_')}, event_seq, event_hash)
  ), admitted as materialized (
    select wanted.* from wanted join api_keys on api_keys.id = wanted.key_id and api_keys.version = wanted.key_version
  ), opened as (
    insert into sessions (id, client_id, key_id, refresh_digest, rotates, permissions, audiences, access_ttl_seconds,
      created_at, expires_at, last_used_at)
    select id, client_id, key_id, refresh_digest, rotates, permissions::text[], audiences::text[], access_ttl_seconds,
      created_at, expires_at, last_used_at from admitted ${onConflict}
  ), advanced as (
    ${advanceEnd(linksFrom, '(select count(*) from admitted) = cardinality($1::uuid[])')}
  ), told as (
    insert into audit_events (${auditColumns()}, seq, hash)
    select ${auditColumns('event_')}, case when advanced.id is not null then event_seq end,
      case when advanced.id is not null then event_hash end
    from admitted left join advanced on true where event_id is not null ${onConflict}
  )
  select admitted.id, advanced.id is not null from admitted left join advanced on true`

/** Opens sessions that come together in one statement and one commit; each is told whether it was opened. */
export function sessionOpening(
  db: Database,
  { hotPath, end }: { readonly hotPath: HotPath; readonly end: AuditEnd },
): SessionStore['openSession'] {
  const opening = openingBy(db, { hotPath, end, name: 'open_sessions', text: textOf('') })
  return (session, keyVersion, event) => opening({ session, keyVersion, event })
}

/** The same of sessions that may have been opened before, since nobody heard of the commit; those stay as they are. */
export function lateSessionOpening(db: Database, hotPath: HotPath): SessionStore['openSessionLate'] {
  // Never linked in the insert: a row that is there already would leave a gap in the chain.
  const end = createAuditEnd(undefined)
  const text = textOf('on conflict (id) do nothing')
  const opening = openingBy(db, { hotPath, end, name: 'open_sessions_late', text })
  return (session, keyVersion, event) => opening({ session, keyVersion, event })
}

interface OpeningParts {
  readonly hotPath: HotPath
  readonly end: AuditEnd
  readonly name: string
  readonly text: string
}

function openingBy(db: Database, { hotPath, end, name, text }: OpeningParts): GroupCommit<Opening, boolean> {
  const open = statement<readonly [id: string, linked: boolean]>(db, hotPath, {
    name,
    text,
    parameters: openings.length + auditColumnCount + linkParameterCount,
  })
  return groupCommit<Opening, boolean>(
    async (wanted) => {
      const values = openings.map(([, , read]) => columnText(wanted.map((one) => read(one) ?? null)))
      const events = wanted.map(({ event }) => event)
      const linking = end.take(events)
      const opened = await open([...values, ...auditValues(events), ...linking.values]).catch((fault) => {
        linking.settle('untried')
        throw fault
      })
      linking.settle(opened.length < wanted.length ? 'untried' : opened[0]?.[1] ? 'linked' : 'refused')
      if (opened.length === wanted.length) return wanted.map(() => true)
      const ids = new Set(opened.map(([id]) => id))
      return wanted.map(({ session }) => ids.has(session.id))
    },
    { ...batches, gather: hotPath.gather, overlaps: hotPath.overlaps },
  )
}

import { sql } from 'drizzle-orm'
import { type Revocation, revocationKinds } from '../core/tokens/revocations.ts'
import { arrayText } from './array-text.ts'
import type { Database } from './database.ts'

/** The channel on which every instance hears of changes (PostgreSQL's LISTEN and NOTIFY). */
export const announcementChannel = 'guichet'

/** What one instance tells the others, with its commit and never before it. */
export type Announcement =
  | { readonly type: 'revocation'; readonly revocation: Revocation }
  | { readonly type: 'key'; readonly id: string }
  | { readonly type: 'client'; readonly id: string }
  | { readonly type: 'user'; readonly id: string }
  | { readonly type: 'role'; readonly id: string }
  | { readonly type: 'signing-keys' }

/** Announces within the transaction that makes the change. */
export async function announce(
  tx: Pick<Database, 'execute'>,
  ...announcements: readonly Announcement[]
): Promise<void> {
  const payloads = arrayText(announcements.map((announcement) => JSON.stringify(announcement)))
  await tx.execute(
    sql`select pg_notify(${announcementChannel}, payload) from unnest(${payloads}::text[]) as told (payload)`,
  )
}

/** Reads what another instance announced; undefined for what is not ours or from a later version. */
export function parseAnnouncement(payload: string): Announcement | undefined {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(payload)
  } catch {
    return undefined
  }
  const { type } = value
  if (type === 'key' || type === 'client' || type === 'user' || type === 'role') {
    return { type, id: String(value['id']) }
  }
  if (type === 'signing-keys') return { type: 'signing-keys' }
  if (type !== 'revocation') return undefined
  const { kind, subject, cutoff, createdAt, expiresAt } = value['revocation'] as Record<string, string>
  const known = revocationKinds.find((candidate) => candidate === kind)
  if (known === undefined || subject === undefined) return undefined
  return {
    type: 'revocation',
    revocation: {
      kind: known,
      subject,
      cutoff: new Date(cutoff ?? 0),
      createdAt: new Date(createdAt ?? 0),
      expiresAt: new Date(expiresAt ?? 0),
    },
  }
}

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
  const value = parseObject(payload)
  const type = value?.['type']
  if (type === 'key' || type === 'client' || type === 'user' || type === 'role') {
    return { type, id: String(value?.['id']) }
  }
  if (type === 'signing-keys') return { type: 'signing-keys' }
  if (type !== 'revocation') return undefined
  const revocation = revocationOf(value?.['revocation'])
  return revocation && { type: 'revocation', revocation }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return objectOf(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Anybody with the database's password can speak on the channel, in another application too: `null` is no object. */
function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}

function revocationOf(value: unknown): Revocation | undefined {
  const { kind, subject, ...times } = objectOf(value) ?? {}
  const known = revocationKinds.find((candidate) => candidate === kind)
  const [cutoff, createdAt, expiresAt] = [times['cutoff'], times['createdAt'], times['expiresAt']].map(timeOf)
  if (known === undefined || typeof subject !== 'string') return undefined
  if (cutoff === undefined || createdAt === undefined || expiresAt === undefined) return undefined
  return { kind: known, subject, cutoff, createdAt, expiresAt }
}

function timeOf(value: unknown): Date | undefined {
  const time = new Date(typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(time.getTime()) ? undefined : time
}

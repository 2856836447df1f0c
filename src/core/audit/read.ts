import type { Failure } from '../failure.ts'
import { idForms, type Listing, listing, type PageRequest, parsePage } from '../page.ts'
import type { World } from '../ports.ts'
import { ok, type Result } from '../result.ts'
import type { AuditFilter, StoredAuditEvent } from './audit-store.ts'

/** From where in the chain somebody follows it. */
export interface AuditFollow {
  readonly afterSeq: number
  readonly limit: number
}

/** What came into the chain since, and where the next look begins. */
export interface AuditSpan {
  readonly items: readonly StoredAuditEvent[]
  readonly nextSeq: number
}

type Reader = Pick<World, 'store'>

/** A page of the log, newest first. */
export async function listAuditEvents(
  { store }: Reader,
  filter: AuditFilter,
  request: PageRequest,
): Promise<Result<Listing<StoredAuditEvent>, Failure>> {
  const page = parsePage(request, idForms.uuid)
  if (!page.ok) return page
  const { limit, after } = page.value
  const before = after && { at: after.createdAt, id: after.id }
  const events = await store.listAuditEvents(filter, { limit: limit + 1, before })
  const { items, nextCursor } = listing(
    events.map((event) => ({ createdAt: event.at, id: event.id, event })),
    limit,
  )
  return ok({ items: items.map(({ event }) => event), nextCursor })
}

/** What was linked after `afterSeq`, in the order of the chain: nothing comes twice and nothing is left out. */
export async function followAuditEvents(
  { store }: Reader,
  filter: AuditFilter,
  { afterSeq, limit }: AuditFollow,
): Promise<AuditSpan> {
  // Read first: what a filter leaves out between the last row and here need not be looked through again.
  const toSeq = (await store.findAuditChain())?.lastSeq ?? 0
  const items = await store.listLinkedAuditEvents({ afterSeq, toSeq, limit }, filter)
  const reached = items.length === limit ? items.at(-1)?.seq : toSeq
  return { items, nextSeq: Math.max(afterSeq, reached ?? 0) }
}

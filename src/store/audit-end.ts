import type { AuditStore } from '../core/audit/audit-store.ts'
import type { AuditChain } from '../core/audit/chain.ts'
import type { AuditEvent } from '../core/audit/event.ts'
import { arrayText } from './array-text.ts'
import type { Parameter } from './statement.ts'

/** Links events to the end of a chain under the secrets of this process. */
export type LinkEvents = Parameters<AuditStore['linkAuditEvents']>[1]

/**
 * Where the chain ends as far as this process knows. Rows that go in there are linked by their own insert. What is
 * remembered may be wrong at any time: the statement compares, and where it does not find the end so, or free, the rows
 * go in unlinked and the linker links them.
 */
export interface AuditEnd {
  readonly remember: (chain: AuditChain) => void
  /** Takes the end for one insert, which holds it alone until it settles; in their order, undefined for no event. */
  readonly take: (events: readonly (AuditEvent | undefined)[]) => Linking
}

export interface Linking {
  /** For `linkLists` and `advanceEnd`, in this order. */
  readonly values: readonly Parameter[]
  /** 'refused' when the end was not as it was remembered; 'untried' when nothing tells of it. */
  readonly settle: (outcome: 'linked' | 'refused' | 'untried') => void
}

/** Two lists and the two ends. */
export const linkParameterCount = 10

/** The places and hashes as `unnest` takes them, from `$first` on. */
export function linkLists(first: number): string {
  return `$${first}::bigint[], $${first + 1}::text[]`
}

/**
 * Moves the chain's end from where it is remembered to behind the new rows, `$first` being that of `linkLists`. Every
 * column is compared, so that a record that was tampered with is not put right again. A record that somebody holds is
 * let be: instances must not queue at it.
 */
export function advanceEnd(first: number, condition: string): string {
  const [firstSeq, hashBeforeFirst, lastSeq, lastHash, seal, nextSeq, nextHash, nextSeal] = Array.from(
    { length: 8 },
    (_, index) => `$${first + 2 + index}`,
  )
  return `update audit_chain set last_seq = ${nextSeq}::bigint, last_hash = ${nextHash}, seal = ${nextSeal}
    where id = (
      select id from audit_chain where id = 1 and first_seq = ${firstSeq}::bigint
        and hash_before_first = ${hashBeforeFirst} and last_seq = ${lastSeq}::bigint and last_hash = ${lastHash}
        and seal = ${seal} and ${condition}
      for update skip locked
    ) returning id`
}

const unlinked: Linking = { values: Array(linkParameterCount).fill(null), settle: () => {} }

/** `link` is undefined where nothing is to be linked in its insert. */
export function createAuditEnd(link: LinkEvents | undefined): AuditEnd {
  let end: AuditChain | undefined

  const remember = (chain: AuditChain) => {
    // What the linker did meanwhile is newer than what an insert did before it.
    if (end === undefined || end.lastSeq <= chain.lastSeq) end = chain
  }

  return {
    remember,
    take(events) {
      const before = end
      const told = events.filter((event) => event !== undefined)
      if (before === undefined || told.length === 0 || !told.every(isKeptAsItIs)) return unlinked
      const extension = link?.(before, told.map(asKept))
      if (extension === undefined || extension === 'broken') return unlinked
      end = undefined
      const { links, chain } = extension
      // In the order of the events that there are.
      let next = 0
      const places = events.map((event) => event && links[next++])
      return {
        values: [
          arrayText(places.map((place) => place?.seq ?? null)),
          arrayText(places.map((place) => place?.hash ?? null)),
          before.firstSeq,
          before.hashBeforeFirst,
          before.lastSeq,
          before.lastHash,
          before.seal,
          chain.lastSeq,
          chain.lastHash,
          chain.seal,
        ],
        settle(outcome) {
          if (outcome === 'linked') remember(chain)
          if (outcome === 'untried') remember(before)
        },
      }
    },
  }
}

/** The event as the database will give it back, which is what its hash must be over. */
function asKept(event: AuditEvent): AuditEvent {
  if (Object.values(event.details).every((value) => typeof value === 'string')) return event
  // The same reviving of nothing: a member that is undefined is not written.
  return { ...event, details: JSON.parse(JSON.stringify(event.details)) as AuditEvent['details'] }
}

/** Half of a surrogate pair becomes another character on its way into the database. */
function isKeptAsItIs(event: AuditEvent): boolean {
  return (
    isKept(event.userAgent) &&
    isKept(event.reason) &&
    isKept(event.address) &&
    isKept(event.requestId) &&
    isKept(event.target) &&
    isKept(event.clientId) &&
    isKept(event.keyId) &&
    isKept(event.sessionId)
  )
}

function isKept(text: string | undefined): boolean {
  return text === undefined || text.isWellFormed()
}

import type { AuditChain, ChainExtension, ChainPruning, LinkedAuditEvent } from './chain.ts'
import type { AuditEvent, AuditKind } from './event.ts'

/** The audit log in the database. Rows are added by whoever acts, and linked then or later. */
export interface AuditStore {
  /** Adds all or none, in one statement. */
  readonly insertAuditEvents: (events: readonly AuditEvent[]) => Promise<void>
  /** Adds the counts to the rows of the same ids; answers the ids of those that are linked already and count no more. */
  readonly addAuditCounts: (events: readonly AuditEvent[]) => Promise<readonly string[]>
  /**
   * Links the oldest unlinked rows as `extend` says, counted kinds only from before `countedBefore`. Answers how many,
   * 0 also when another instance is at it; undefined, and nothing done, when `extend` will not.
   */
  readonly linkAuditEvents: (
    which: { readonly limit: number; readonly countedBefore: Date },
    extend: (
      chain: AuditChain | undefined,
      events: readonly AuditEvent[],
    ) => ChainExtension | undefined | 'broken',
  ) => Promise<number | undefined>
  /** Deletes the first rows of the chain as `shorten` says, and moves its beginning with them; answers how many. */
  readonly pruneAuditEvents: (
    limit: number,
    shorten: (chain: AuditChain, first: readonly LinkedAuditEvent[]) => ChainPruning | undefined,
  ) => Promise<number>
  readonly findAuditChain: () => Promise<AuditChain | undefined>
  /** The rows of the chain after one and up to another, in its order. */
  readonly listLinkedAuditEvents: (
    span: { readonly afterSeq: number; readonly toSeq: number; readonly limit: number },
    filter: AuditFilter,
  ) => Promise<readonly LinkedAuditEvent[]>
  /** Newest first, linked or not. */
  readonly listAuditEvents: (
    filter: AuditFilter,
    page: { readonly limit: number; readonly before: { readonly at: Date; readonly id: string } | undefined },
  ) => Promise<readonly StoredAuditEvent[]>
}

/** A row as a reader sees it. */
export interface StoredAuditEvent extends AuditEvent {
  /** Undefined until it is linked, which may take a second, and about a minute for a counted kind. */
  readonly seq: number | undefined
}

export interface AuditFilter {
  readonly kind?: AuditKind | undefined
  readonly clientId?: string | undefined
  readonly keyId?: string | undefined
  readonly sessionId?: string | undefined
  readonly userId?: string | undefined
  readonly requestId?: string | undefined
  readonly from?: Date | undefined
  /** Exclusive. */
  readonly to?: Date | undefined
}

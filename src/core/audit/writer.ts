import { groupCommit } from '../group-commit.ts'
import type { AuditStore } from './audit-store.ts'
import type { AuditEvent } from './event.ts'

/** Writes events down. What `record` resolves for is committed. */
export interface AuditWriter {
  /** @throws what the store threw: then the call that caused the event must fail as well */
  readonly record: (event: AuditEvent) => Promise<void>
}

/** Events that come while one statement is under way share the next one. */
export function createAuditWriter(store: Pick<AuditStore, 'insertAuditEvents'>): AuditWriter {
  const record = groupCommit<AuditEvent, void>(
    async (events) => {
      await store.insertAuditEvents(events)
      return events.map(() => undefined)
    },
    { batchMax: 500 },
  )
  return { record }
}

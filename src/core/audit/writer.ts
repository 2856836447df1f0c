import type { AuditStore } from './audit-store.ts'
import type { AuditEvent } from './event.ts'

/** Writes events down. What `record` resolves for is committed. */
export interface AuditWriter {
  /** @throws what the store threw: then the call that caused the event must fail as well */
  readonly record: (event: AuditEvent) => Promise<void>
}

const BATCH_MAX = 500

interface Entry {
  readonly event: AuditEvent
  readonly done: () => void
  readonly failed: (fault: unknown) => void
}

/** A group commit: events that come while one statement is under way share the next one. */
export function createAuditWriter(store: Pick<AuditStore, 'insertAuditEvents'>): AuditWriter {
  const waiting: Entry[] = []
  let flushing = false

  async function flush(): Promise<void> {
    flushing = true
    // Those that come in the same breath belong to the first batch already.
    await undefined
    while (waiting.length > 0) await write(waiting.splice(0, BATCH_MAX))
    flushing = false
  }

  async function write(batch: readonly Entry[]): Promise<void> {
    try {
      await store.insertAuditEvents(batch.map(({ event }) => event))
      for (const { done } of batch) done()
    } catch (fault) {
      if (batch.length === 1 || isUnavailable(fault)) {
        for (const { failed } of batch) failed(fault)
        return
      }
      // One row of these cannot be written: halved until it stands alone, so that it fails alone.
      const middle = batch.length >> 1
      await write(batch.slice(0, middle))
      await write(batch.slice(middle))
    }
  }

  return {
    record: (event) =>
      new Promise((done, failed) => {
        waiting.push({ event, done, failed })
        if (!flushing) void flush()
      }),
  }
}

/** A database that is away is away for all of them. */
function isUnavailable(fault: unknown): boolean {
  return fault instanceof Error && fault.name === 'StoreUnavailableError'
}

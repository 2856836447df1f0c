import type { World } from '../ports.ts'
import { extendChain, shortenChain } from './chain.ts'

/** As many rows as one statement links, so that it ends well within its time on any database. */
const LINK_ROWS = 500
const PRUNE_ROWS = 1000
/** How long after its minute a counted row waits for the counts of other instances. */
const COUNTED_GRACE_MS = 5000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/**
 * Links what has been written since the last time into the chain, `batchesMax` batches at most. One instance does it at
 * a time; the others find nothing to do. 'broken' when the record of the chain's ends is not ours.
 */
export async function linkAuditEvents(world: World, batchesMax: number): Promise<number | 'broken'> {
  const countedBefore = new Date(world.now().getTime() - MINUTE_MS - COUNTED_GRACE_MS)
  let total = 0
  for (let batch = 0; batch < batchesMax; batch++) {
    const linked = await world.store.linkAuditEvents({ limit: LINK_ROWS, countedBefore }, (chain, events) =>
      extendChain(world.vault, chain, events),
    )
    if (linked === undefined) return 'broken'
    total += linked
    if (linked < LINK_ROWS) break
  }
  return total
}

/** Deletes what is older than `retentionDays` from the beginning of the chain; 0 keeps all for ever. */
export async function pruneAuditEvents(
  world: World,
  { retentionDays, batchesMax }: { readonly retentionDays: number; readonly batchesMax: number },
): Promise<number> {
  if (retentionDays === 0) return 0
  const before = new Date(world.now().getTime() - retentionDays * DAY_MS)
  let total = 0
  for (let batch = 0; batch < batchesMax; batch++) {
    const pruned = await world.store.pruneAuditEvents(PRUNE_ROWS, (chain, first) =>
      shortenChain(world.vault, chain, { first, before }),
    )
    total += pruned
    if (pruned < PRUNE_ROWS) break
  }
  return total
}

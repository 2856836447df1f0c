import type { Logger } from 'pino'
import { linkAuditEvents, pruneAuditEvents } from '../core/audit/upkeep.ts'
import type { World } from '../core/ports.ts'

/** Of 500 rows each: as much as an instance can write in a second. */
const LINK_BATCHES = 20
const PRUNE_BATCHES = 10
/** A broken chain is told again after so long, and not every second. */
const COMPLAINT_MS = 60_000

/** Links what was written into the chain, and complains now and then when the chain is not ours to go on with. */
export function createAuditLinker(logger: Logger): (world: World) => Promise<void> {
  let complainedAtMs = 0
  return async (world) => {
    const linked = await linkAuditEvents(world, LINK_BATCHES)
    const nowMs = world.now().getTime()
    if (linked !== 'broken' || nowMs - complainedAtMs < COMPLAINT_MS) return
    complainedAtMs = nowMs
    logger.error('the ends of the audit chain are not ours: nothing is linked; run `guichet audit verify`')
  }
}

/** Deletes what is older than the operator keeps. */
export async function pruneAudit(world: World, retentionDays: number): Promise<void> {
  await pruneAuditEvents(world, { retentionDays, batchesMax: PRUNE_BATCHES })
}

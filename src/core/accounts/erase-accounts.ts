import { auditEvent } from '../audit/event.ts'
import type { World } from '../ports.ts'
import { erasableBefore } from './delete-account.ts'

/** People that one transaction erases. */
const BATCH = 20
/** So many batches a round; who is left goes in the next one. */
const BATCHES_MAX = 50

/** Erases the people whose accounts can be restored no longer; answers how many there were. */
export async function eraseAccounts(world: Pick<World, 'now' | 'newId' | 'store'>): Promise<number> {
  const at = world.now()
  let count = 0
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const erased = await world.store.eraseUsers({
      deletedBefore: erasableBefore(at),
      at,
      limit: BATCH,
      event: (target) => auditEvent(world, { kind: 'user.erase', target }, undefined),
    })
    count += erased.length
    if (erased.length < BATCH) break
  }
  return count
}

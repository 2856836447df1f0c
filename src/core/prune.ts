import type { World } from './ports.ts'

/** Rows that one statement deletes: few enough that no exchange waits for it. */
const BATCH = 500
/** So many batches a round; what is left goes in the next one. */
const BATCHES_MAX = 200

/** A session that has run out is kept so long, so that its holder is told that it expired and not that it never was. */
const SESSION_KEPT_MS = 86_400_000
/** The longest that failures to sign in count, and what clocks may disagree about. */
const FAILURES_KEPT_MS = 2 * 86_400_000
/** How long people see their sign-ins, and are known where they come from. */
const SIGN_INS_KEPT_MS = 180 * 86_400_000

/** Deletes what nobody can ask for any more, in small batches; answers how many batches that took. */
export async function prune(world: Pick<World, 'now' | 'store'>): Promise<number> {
  const now = world.now()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const befores = {
    before: now,
    sessionsBefore: ago(SESSION_KEPT_MS),
    failuresBefore: ago(FAILURES_KEPT_MS),
    signInsBefore: ago(SIGN_INS_KEPT_MS),
  }
  for (let batch = 1; batch <= BATCHES_MAX; batch++) {
    const deleted = await world.store.prune({ ...befores, limit: BATCH })
    if (deleted < BATCH) return batch
  }
  return BATCHES_MAX
}

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

/** What became of a mail is kept so long, for whoever asks where it is; its content goes when it is sent. */
const MAIL_KEPT_MS = 7 * 86_400_000

/** Two clocks that are further apart than this: one of them is wrong, and nobody knows which. */
const CLOCKS_APART_MAX_MS = 3_600_000

/** Nothing is deleted for its age while the clocks disagree about what time it is. */
export class ClocksApartError extends Error {
  override readonly name = 'ClocksApartError'
}

/** Does what deletes for good, by our clock, only where the database's agrees with it. @throws ClocksApartError */
export async function whereClocksAgree<T>(
  { now, store }: Pick<World, 'now' | 'store'>,
  work: () => Promise<T>,
): Promise<T> {
  const apartMs = Math.abs(now().getTime() - (await store.databaseTime()).getTime())
  if (apartMs <= CLOCKS_APART_MAX_MS) return work()
  const seconds = Math.round(apartMs / 1000)
  throw new ClocksApartError(`The clocks of this machine and of the database are ${seconds} seconds apart.`)
}

/** Deletes what nobody can ask for any more, in small batches; answers how many batches that took. */
export async function prune(world: Pick<World, 'now' | 'store'>): Promise<number> {
  const now = world.now()
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const befores = {
    before: now,
    sessionsBefore: ago(SESSION_KEPT_MS),
    failuresBefore: ago(FAILURES_KEPT_MS),
    signInsBefore: ago(SIGN_INS_KEPT_MS),
    mailsBefore: ago(MAIL_KEPT_MS),
  }
  for (let batch = 1; batch <= BATCHES_MAX; batch++) {
    const deleted = await world.store.prune({ ...befores, limit: BATCH })
    if (deleted < BATCH) return batch
  }
  return BATCHES_MAX
}

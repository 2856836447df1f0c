const FIRST_WAIT_MS = 5000
const GROWTH = 3
const LONGEST_WAIT_MS = 2 * 3_600_000

/** After this a mail surprises more than it helps. */
const GIVE_UP_AFTER_MS = 24 * 3_600_000

/** Half of a wait at most is luck: mails that failed together do not come back together. */
const JITTER = 0.5

/**
 * When a mail is tried again after `attempts` that failed: 5 seconds, 15, 45 … two hours, each up to half longer.
 * Undefined when a day has gone.
 */
export function nextAttemptAt(
  { id, createdAt }: { readonly id: string; readonly createdAt: Date },
  { attempts, now }: { readonly attempts: number; readonly now: Date },
): Date | undefined {
  const wait = Math.min(FIRST_WAIT_MS * GROWTH ** (attempts - 1), LONGEST_WAIT_MS)
  const next = now.getTime() + Math.round(wait * (1 + JITTER * luckOf(id)))
  return next - createdAt.getTime() > GIVE_UP_AFTER_MS ? undefined : new Date(next)
}

/** From 0 to 1, by the dice that made the id: the core has none of its own. */
function luckOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) / 0xffff_ffff || 0
}

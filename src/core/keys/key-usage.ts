import type { Caller } from '../caller.ts'
import { cleanText } from './clean-text.ts'

/** Who used a key last, and how often it was used: what its owner looks at before letting it go. */
export interface KeyUsage {
  readonly count: number
  readonly lastUsedAt: Date
  readonly lastAddress: string | undefined
  readonly lastUserAgent: string | undefined
}

/** Uses of one key that have not been written yet. */
export interface KeyUse extends KeyUsage {
  readonly keyId: string
}

/** Adds up uses in memory, so that a call costs no write. What a crash loses is a count of some seconds, no more. */
export interface UsageTally {
  readonly note: (keyId: string, caller: Caller, at: Date) => void
  /**
   * Takes what waits longest of what was noted: of few keys all, of many a tenth, so that the writes of a busy second come
   * in ten small parts.
   */
  readonly take: () => readonly KeyUse[]
  /** Takes all that was noted since it was last taken. */
  readonly takeAll: () => readonly KeyUse[]
}

/** As many are taken at once, however few that is of all. */
const TAKEN_AT_ONCE = 250
const TAKEN_PART = 0.1

/** Changed in its place at every call: a new one for each would outlive the call, and that is what the collector is slow at. */
interface Tallied {
  count: number
  lastUsedAtMs: number
  address: string | undefined
  userAgent: string | undefined
}

export function createUsageTally(): UsageTally {
  const tally = new Map<string, Tallied>()

  function take(most: number): readonly KeyUse[] {
    const uses: KeyUse[] = []
    // A Map keeps the order in which its entries came: the first waits longest.
    for (const [keyId, { count, lastUsedAtMs, address, userAgent }] of tally) {
      if (uses.length >= most) break
      tally.delete(keyId)
      uses.push({
        keyId,
        count,
        lastUsedAt: new Date(lastUsedAtMs),
        lastAddress: address,
        // Cleaned here and not at each call.
        lastUserAgent: cleanText(userAgent),
      })
    }
    return uses
  }

  return {
    note(keyId, { address, userAgent }, at) {
      const tallied = tally.get(keyId)
      if (tallied === undefined) {
        tally.set(keyId, { count: 1, lastUsedAtMs: at.getTime(), address, userAgent })
        return
      }
      tallied.count++
      tallied.lastUsedAtMs = at.getTime()
      // The same text of another call would keep what is left of that call alive.
      if (tallied.address !== address) tallied.address = address
      if (tallied.userAgent !== userAgent) tallied.userAgent = userAgent
    },
    take: () => take(Math.max(TAKEN_AT_ONCE, Math.ceil(tally.size * TAKEN_PART))),
    takeAll: () => take(tally.size),
  }
}

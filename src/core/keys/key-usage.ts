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

/** Adds up uses in memory, so that a call costs no write. What a crash loses is a count of a second or so, no more. */
export interface UsageTally {
  readonly note: (keyId: string, caller: Caller, at: Date) => void
  /** Takes all that was noted since the last time. */
  readonly take: () => readonly KeyUse[]
}

export function createUsageTally(): UsageTally {
  let tally = new Map<string, KeyUse>()
  return {
    note(keyId, caller, at) {
      tally.set(keyId, {
        keyId,
        count: (tally.get(keyId)?.count ?? 0) + 1,
        lastUsedAt: at,
        lastAddress: caller.address,
        lastUserAgent: caller.userAgent,
      })
    },
    take() {
      // Cleaned here and not at each call.
      const uses = [...tally.values()].map((use) => ({ ...use, lastUserAgent: cleanText(use.lastUserAgent) }))
      tally = new Map()
      return uses
    },
  }
}

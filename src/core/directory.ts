import type { Eventually } from './eventually.ts'

/**
 * What this process remembers of those whom tokens speak for, so that a call needs no database. Bounded, corrected by
 * the feed at every change, and never the judge of an exchange or a sign-in: that is settled by the store against
 * `version`. The store is handed in with each look, since some runtimes tie a connection to one request.
 */
export interface Directory<Source, Found> {
  /** The one of this id as last read, from memory when that is young enough. */
  readonly find: (store: Source, id: string, now: Date) => Eventually<Found | undefined>
  /** The one in the version that the store has just named: from memory, however old, when it has that one. */
  readonly findVersion: (
    store: Source,
    named: { readonly id: string; readonly version: number },
    now: Date,
  ) => Promise<Found | undefined>
  /** The one as it is in the store, remembered anew. */
  readonly findFresh: (store: Source, id: string, now: Date) => Promise<Found | undefined>
  /** Notes that the store still had this version at `now`. */
  readonly confirm: (named: { readonly id: string; readonly version: number }, now: Date) => void
  /** The one as it was read or confirmed since, without a look: for when there is nobody to ask. */
  readonly recall: (id: string, span: { readonly since: Date; readonly now: Date }) => Found | undefined
  /** Drops one that is known to have changed. */
  readonly forget: (id: string) => void
  /** Counts every memory as old: something may have changed, and it is not known what. */
  readonly doubt: () => void
  /** Drops all: something has changed that no old memory may outlive by one answer. */
  readonly forgetAll: () => void
  readonly size: () => number
}

export interface DirectoryLimits {
  readonly maxEntries: number
  /** How old a memory may be where no feed corrects it. */
  readonly maxAgeMs: number
  /**
   * True where a look can outlive its call: all who ask at once share one, and an old memory answers while it is
   * renewed, so that a store that is slow or gone delays nobody. Revocations have their own, stricter clock.
   */
  readonly looksOutliveCalls: boolean
}

/** Whom a directory is of. */
interface DirectoryOf<Source, Found> {
  readonly look: (store: Source, id: string) => Promise<Found | undefined>
  readonly isKept: (found: Found) => boolean
  readonly versionOf: (found: Found) => number
}

interface Memory<Found> {
  readonly found: Found
  readonly readAtMs: number
  /** When the store last named the version that is remembered. */
  confirmedAtMs: number
}

export function createDirectory<Source, Found>(
  of: DirectoryOf<Source, Found>,
  limits: DirectoryLimits,
): Directory<Source, Found> {
  const memories = new Map<string, Memory<Found>>()
  const underway = new Map<string, Promise<Found | undefined>>()
  // Counts the forgettings, so that a look that began before one is not remembered after it.
  let generation = 0
  let doubtedBeforeMs = 0

  async function look(store: Source, id: string, now: Date): Promise<Found | undefined> {
    const began = generation
    const found = await of.look(store, id)
    if (found === undefined || !of.isKept(found)) memories.delete(id)
    else if (began === generation) {
      const readAtMs = now.getTime()
      remember(id, { found, readAtMs, confirmedAtMs: readAtMs })
    }
    return found
  }

  function sharedLook(store: Source, id: string, now: Date): Promise<Found | undefined> {
    const shared = underway.get(id)
    if (shared !== undefined) return shared
    const own = look(store, id, now).finally(() => {
      if (underway.get(id) === own) underway.delete(id)
    })
    underway.set(id, own)
    return own
  }

  function remember(id: string, memory: Memory<Found>): void {
    memories.delete(id)
    memories.set(id, memory)
    // The oldest goes: a Map keeps the order in which its entries came.
    if (memories.size > limits.maxEntries) memories.delete(memories.keys().next().value as string)
  }

  /** Where a look ends with its call: looks, and falls back to the old memory when the store cannot answer. */
  async function renewed(store: Source, id: string, { memory, now }: { memory: Memory<Found>; now: Date }) {
    try {
      return await look(store, id, now)
    } catch {
      return memory.found
    }
  }

  return {
    find(store, id, now) {
      const memory = memories.get(id)
      if (memory === undefined)
        return limits.looksOutliveCalls ? sharedLook(store, id, now) : look(store, id, now)
      const fresh = now.getTime() - memory.readAtMs < limits.maxAgeMs && memory.readAtMs > doubtedBeforeMs
      if (fresh) return memory.found
      if (!limits.looksOutliveCalls) return renewed(store, id, { memory, now })
      sharedLook(store, id, now).catch(() => {})
      return memory.found
    },
    async findVersion(store, { id, version }, now) {
      const memory = memories.get(id)
      if (memory === undefined || of.versionOf(memory.found) !== version) return look(store, id, now)
      memory.confirmedAtMs = now.getTime()
      return memory.found
    },
    findFresh: look,
    confirm({ id, version }, now) {
      const memory = memories.get(id)
      if (memory !== undefined && of.versionOf(memory.found) === version) memory.confirmedAtMs = now.getTime()
    },
    recall(id, { since, now }) {
      const memory = memories.get(id)
      if (memory === undefined) return undefined
      // Known later than now: the clock has stepped back, and how old it is nobody can say.
      const isYoung = [memory.readAtMs, memory.confirmedAtMs].some(
        (ms) => ms >= since.getTime() && ms <= now.getTime(),
      )
      return isYoung ? memory.found : undefined
    },
    forget(id) {
      generation++
      underway.delete(id)
      memories.delete(id)
    },
    doubt() {
      generation++
      underway.clear()
      for (const { readAtMs } of memories.values()) doubtedBeforeMs = Math.max(doubtedBeforeMs, readAtMs)
    },
    forgetAll() {
      generation++
      underway.clear()
      memories.clear()
    },
    size: () => memories.size,
  }
}

import type { KeyStore } from '../ports.ts'
import type { KeyWithClient } from './api-key.ts'

/**
 * What this process remembers of keys, so that a call made with a key's token needs no database. Bounded, corrected by
 * the feed at every change, and never the judge of an exchange: that is settled by the store against `version`.
 */
export interface KeyDirectory {
  /** The key as last read, from memory when that is young enough. */
  readonly find: (store: KeySource, id: string, now: Date) => Promise<KeyWithClient | undefined>
  /** The key in the version that the store has just named: from memory, however old, when it has that one. */
  readonly findVersion: (
    store: KeySource,
    named: { readonly id: string; readonly version: number },
    now: Date,
  ) => Promise<KeyWithClient | undefined>
  /** The key as it is in the store, remembered anew. */
  readonly findFresh: (store: KeySource, id: string, now: Date) => Promise<KeyWithClient | undefined>
  /** Drops a key that is known to have changed. */
  readonly forget: (id: string) => void
  /** Counts every memory as old: something may have changed, and it is not known what. */
  readonly doubt: () => void
  readonly size: () => number
}

/** Handed in with each look, since some runtimes tie a connection to one request. */
type KeySource = Pick<KeyStore, 'findKey'>

export interface KeyDirectoryLimits {
  readonly maxKeys: number
  /** How old a memory may be where no feed corrects it. */
  readonly maxAgeMs: number
  /**
   * True where a look can outlive its call: all who ask at once share one, and an old memory answers while it is
   * renewed, so that a store that is slow or gone delays nobody. Revocations have their own, stricter clock.
   */
  readonly looksOutliveCalls: boolean
}

interface Memory {
  readonly found: KeyWithClient
  readonly readAtMs: number
}

export function createKeyDirectory(limits: KeyDirectoryLimits): KeyDirectory {
  const memories = new Map<string, Memory>()
  const underway = new Map<string, Promise<KeyWithClient | undefined>>()
  // Counts the forgettings, so that a look that began before one is not remembered after it.
  let generation = 0
  let doubtedBeforeMs = 0

  async function look(store: KeySource, id: string, now: Date): Promise<KeyWithClient | undefined> {
    const began = generation
    const found = await store.findKey(id)
    // A bait is looked up each time as an unknown key is: its answer must not come faster.
    if (found === undefined || found.key.canary) memories.delete(id)
    else if (began === generation) remember(id, { found, readAtMs: now.getTime() })
    return found
  }

  function sharedLook(store: KeySource, id: string, now: Date): Promise<KeyWithClient | undefined> {
    const shared = underway.get(id)
    if (shared !== undefined) return shared
    const own = look(store, id, now).finally(() => {
      if (underway.get(id) === own) underway.delete(id)
    })
    underway.set(id, own)
    return own
  }

  function remember(id: string, memory: Memory): void {
    memories.delete(id)
    memories.set(id, memory)
    // The oldest goes: a Map keeps the order in which its entries came.
    if (memories.size > limits.maxKeys) memories.delete(memories.keys().next().value as string)
  }

  /** Where a look ends with its call: looks, and falls back to the old memory when the store cannot answer. */
  async function renewed(store: KeySource, id: string, { memory, now }: { memory: Memory; now: Date }) {
    try {
      return await look(store, id, now)
    } catch {
      return memory.found
    }
  }

  return {
    async find(store, id, now) {
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
      return memory?.found.key.version === version ? memory.found : look(store, id, now)
    },
    findFresh: look,
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
    size: () => memories.size,
  }
}

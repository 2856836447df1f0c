import type { SigningKeys } from './signing-keys.ts'

/** How often a `kid` that nobody here knows may cost a look at the store, whoever sends it. */
const LOOK_EVERY_MS = 5000

/** Signing keys that are exchanged for those of a later moment while everything goes on. */
export interface KeyRing extends SigningKeys {
  /** Takes up what `load` answers, unless a load that began later has been taken up already. */
  readonly reload: (load: () => Promise<SigningKeys>) => Promise<void>
  /**
   * Reloads because of an unknown `kid`, at most once in five seconds. True when the keys were looked up just now; a
   * load that fails is as none.
   */
  readonly lookAgain: (load: () => Promise<SigningKeys>, now: Date) => Promise<boolean>
}

export interface KeyRingOptions {
  /** True where a look can outlive its call: all who ask at once wait for one. */
  readonly looksOutliveCalls: boolean
}

export function createKeyRing(first: SigningKeys, { looksOutliveCalls }: KeyRingOptions): KeyRing {
  let current = first
  let begun = 0
  let takenUp = 0
  let lookedAtMs = -Infinity
  let underway: Promise<boolean> | undefined

  async function reload(load: () => Promise<SigningKeys>): Promise<void> {
    begun++
    const mine = begun
    const keys = await load()
    if (mine < takenUp) return
    takenUp = mine
    current = keys
  }

  async function look(load: () => Promise<SigningKeys>): Promise<boolean> {
    try {
      await reload(load)
      return true
    } catch {
      // What is unknown stays so. Whoever keeps the keys up to date tells of the fault.
      return false
    } finally {
      underway = undefined
    }
  }

  return {
    active: (now) => current.active(now),
    find: (kid, now) => current.find(kid, now),
    publicSet: (now) => current.publicSet(now),
    states: (now) => current.states(now),
    reload,
    async lookAgain(load, now) {
      if (underway !== undefined && looksOutliveCalls) return underway
      // Either way, since a clock may be set back.
      if (Math.abs(now.getTime() - lookedAtMs) < LOOK_EVERY_MS) return false
      lookedAtMs = now.getTime()
      underway = look(load)
      return underway
    },
  }
}

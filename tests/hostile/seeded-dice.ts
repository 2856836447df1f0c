/** Dice that fall the same way in every run, so that a failure can be thrown again. */
export interface SeededDice {
  /** A whole number from 0 to `end`, `end` excluded. */
  readonly below: (end: number) => number
  readonly pick: <T>(list: readonly T[]) => T
}

export function seededDice(seed: number): SeededDice {
  let state = seed
  // Mulberry32.
  const below = (end: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }
  return { below, pick: (list) => list[below(list.length)]! }
}

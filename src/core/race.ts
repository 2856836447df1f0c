/** More than callers ever meet at one record; a loser's round is two short statements. */
const ATTEMPTS = 50

/** What a decision answers when the thing that it judged had changed before it could be written. */
export const changed = Symbol('changed')

/** Repeats a look-judge-write until its write finds what the look saw. Each loser of a race judges afresh. */
export async function untilSettled<T>(attempt: () => Promise<T | typeof changed>): Promise<T> {
  for (let round = 0; round < ATTEMPTS; round++) {
    const outcome = await attempt()
    if (outcome !== changed) return outcome
  }
  throw new Error('A record kept changing while it was judged.')
}

import { type GroupCommit, groupCommit } from '../core/group-commit.ts'
import { storeError } from './store-error.ts'

const batches = { batchMax: 500 }

/**
 * Those who want one row take turns at it within this process: while somebody holds the row, one of them waits in the
 * database and holds a connection, and the others wait here. Each turn is taken for all who came during the one before.
 */
export function rowTurns<Item, Outcome>(
  rowOf: (item: Item) => string,
  take: (items: readonly [Item, ...Item[]]) => Promise<readonly Outcome[]>,
): GroupCommit<Item, Outcome> {
  const turns = new Map<string, { readonly commit: GroupCommit<Item, Outcome>; asking: number }>()
  const commit = async (items: readonly Item[]) => {
    try {
      // A turn is taken for somebody.
      return await take(items as readonly [Item, ...Item[]])
    } catch (error) {
      // What could not be waited for is not tried once more for each who waited.
      throw storeError(error)
    }
  }
  return async (item) => {
    const row = rowOf(item)
    const turn = turns.get(row) ?? { commit: groupCommit(commit, batches), asking: 0 }
    turns.set(row, turn)
    turn.asking++
    try {
      return await turn.commit(item)
    } finally {
      turn.asking--
      if (turn.asking === 0) turns.delete(row)
    }
  }
}

/** Only the first of a turn changes the row; for the others it is as if somebody else had been quicker, and they look again. */
export function firstOfTurn<Item extends { readonly id: string }>(
  change: (item: Item) => Promise<boolean>,
): GroupCommit<Item, boolean> {
  return rowTurns<Item, boolean>(
    ({ id }) => id,
    async ([first, ...others]) => [await change(first), ...others.map(() => false)],
  )
}

import { isStoreUnavailable } from './unavailable.ts'

/** Commits one item; what it resolves for is committed. @throws what the commit of the item threw */
export type GroupCommit<Item, Outcome> = (item: Item) => Promise<Outcome>

export interface GroupCommitOptions {
  readonly batchMax: number
  /** How many commits may be under way at once. */
  readonly lanes: number
  /** Waits for those who belong to the next batch; without it they are those who come in the same breath. */
  readonly gather?: Gather | undefined
}

/** Resolves when a batch is to be taken. */
export type Gather = () => Promise<void>

interface Entry<Item, Outcome> {
  readonly item: Item
  readonly done: (outcome: Outcome) => void
  readonly failed: (fault: unknown) => void
}

/**
 * Items that come while a commit is under way share the next one, and each is told its own outcome. `commit` takes all
 * or none, and answers in the order of its items. A batch that fails is halved until the item at fault fails alone.
 */
export function groupCommit<Item, Outcome>(
  commit: (items: readonly Item[]) => Promise<readonly Outcome[]>,
  { batchMax, lanes, gather = aBreath }: GroupCommitOptions,
): GroupCommit<Item, Outcome> {
  let waiting: Entry<Item, Outcome>[] = []
  let busy = 0

  async function drain(): Promise<void> {
    busy++
    while (waiting.length > 0) {
      await gather()
      // Another lane may have taken them meanwhile.
      if (waiting.length > 0) await commitBatch(takeBatch())
    }
    busy--
  }

  function takeBatch(): readonly Entry<Item, Outcome>[] {
    const batch = waiting.slice(0, batchMax)
    waiting = waiting.slice(batchMax)
    return batch
  }

  async function commitBatch(batch: readonly Entry<Item, Outcome>[]): Promise<void> {
    let outcomes: readonly Outcome[]
    try {
      outcomes = await commit(batch.map(({ item }) => item))
    } catch (fault) {
      if (isStoreUnavailable(fault)) {
        // It is away for all of them, and what it did with the batch is not known, so nothing is tried again. Those who wait
        // have waited as long as these: to try again would have them wait twice.
        for (const { failed } of [...batch, ...waiting.splice(0)]) failed(fault)
        return
      }
      if (batch.length === 1) {
        for (const { failed } of batch) failed(fault)
        return
      }
      const middle = batch.length >> 1
      await commitBatch(batch.slice(0, middle))
      await commitBatch(batch.slice(middle))
      return
    }
    // As many as there are items, in their order.
    batch.forEach(({ done }, index) => void done(outcomes[index] as Outcome))
  }

  return (item) =>
    new Promise((done, failed) => {
      waiting.push({ item, done, failed })
      if (busy < lanes) void drain()
    })
}

async function aBreath(): Promise<void> {}

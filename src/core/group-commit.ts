import { isStoreUnavailable } from './unavailable.ts'

/** Commits one item; what it resolves for is committed. @throws what the commit of the item threw */
export type GroupCommit<Item, Outcome> = (item: Item) => Promise<Outcome>

export interface GroupCommitOptions {
  readonly batchMax: number
  /** Waits for those who belong to the next batch; without it they are those who come in the same breath. */
  readonly gather?: Gather | undefined
  /**
   * True where commits are somebody else's work: then a batch is the half of those who are under way, and is committed
   * while the other half is answered, comes again and is made ready. It is taken when it is whole, and no later than
   * `gather` says.
   */
  readonly overlaps?: boolean | undefined
}

/** Resolves when those have come who come together, as at the end of a turn of the event loop. */
export type Gather = () => Promise<void>

interface Entry<Item, Outcome> {
  readonly item: Item
  readonly done: (outcome: Outcome) => void
  readonly failed: (fault: unknown) => void
}

/**
 * Items that come while a commit is under way share the next one, or the next two, and each is told its own outcome.
 * `commit` takes all or none, and answers in the order of its items. A batch that fails is halved until the item at fault
 * fails alone. One commit at a time: a second one beside it would only make two small batches of one.
 */
export function groupCommit<Item, Outcome>(
  commit: (items: readonly Item[]) => Promise<readonly Outcome[]>,
  { batchMax, gather = aBreath, overlaps = false }: GroupCommitOptions,
): GroupCommit<Item, Outcome> {
  let waiting: Entry<Item, Outcome>[] = []
  let busy = false
  let sizeBefore = 0
  let tellEnough = () => {}

  async function drain(): Promise<void> {
    busy = true
    while (waiting.length > 0) {
      await (overlaps ? untilHalf() : gather())
      const batch = takeBatch()
      sizeBefore = batch.length
      await commitBatch(batch)
    }
    busy = false
  }

  function hasEnough(): boolean {
    return waiting.length >= sizeBefore / 2
  }

  function untilHalf(): Promise<unknown> {
    if (hasEnough()) return aBreath()
    const enough = new Promise<void>((done) => {
      tellEnough = done
    })
    return Promise.race([enough, gather()])
  }

  function takeBatch(): readonly Entry<Item, Outcome>[] {
    // Those of the batch before are on their way back, unless there has been a silence.
    const most = overlaps ? Math.min(batchMax, Math.ceil((sizeBefore + waiting.length) / 2)) : batchMax
    const batch = waiting.slice(0, most)
    waiting = waiting.slice(most)
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
      if (!busy) void drain()
      else if (hasEnough()) tellEnough()
    })
}

async function aBreath(): Promise<void> {}

import type { World } from '../ports.ts'
import { type AuditChain, hasGenuineEnds, isLink, type LinkedAuditEvent } from './chain.ts'

/** What a walk along the chain found. */
export interface ChainVerdict {
  readonly problem: ChainProblem | undefined
  /** How many rows are as they were linked. */
  readonly checked: number
  /** The last of them: the next walk begins after it. */
  readonly checkedThrough: number
  /** False when the walk stopped at its limit. */
  readonly complete: boolean
  readonly firstSeq: number
  readonly lastSeq: number
  /** Kept somewhere else, it proves later that nothing up to `lastSeq` was rewritten. */
  readonly lastHash: string | undefined
}

/** The first thing that is wrong. */
export interface ChainProblem {
  /**
   * `missing`: there is no row `seq`. `altered`: it is not as it was linked. `reordered`: it was linked elsewhere.
   * `ends`: the record of the chain's ends is not ours. `secret`: none of our secrets made its hash.
   */
  readonly what: 'missing' | 'altered' | 'reordered' | 'ends' | 'secret'
  readonly seq: number
  readonly eventId: string | undefined
}

/** As many rows as one walk checks at most, and as it holds in memory. */
const WALK_ROWS = 20_000
const BATCH_ROWS = 500
const ATTEMPTS = 5

type Walker = Pick<World, 'store' | 'vault'>

/** Walks the chain from after `afterSeq`, or from its beginning, and names the first row that is not as it was linked. */
export async function verifyAuditChain(world: Walker, afterSeq: number | undefined): Promise<ChainVerdict> {
  for (let attempt = 1; ; attempt++) {
    const chain = await world.store.findAuditChain()
    const verdict = await walk(world, chain, afterSeq)
    if (verdict.problem === undefined || attempt === ATTEMPTS) return verdict
    // Rows that retention took away while we walked are not missing.
    const now = await world.store.findAuditChain()
    if (now?.firstSeq === chain?.firstSeq) return verdict
  }
}

async function walk(
  world: Walker,
  chain: AuditChain | undefined,
  afterSeq: number | undefined,
): Promise<ChainVerdict> {
  const { store, vault } = world
  // A chain that lost its record is not one that never began.
  if (chain === undefined) {
    const [orphan] = await store.listLinkedAuditEvents({ afterSeq: 0, toSeq: Infinity, limit: 1 }, {})
    const ends = { firstSeq: 1, lastSeq: 0, lastHash: undefined }
    const problem = orphan && ({ what: 'ends', seq: orphan.seq, eventId: orphan.id } satisfies ChainProblem)
    return { ...ends, problem, checked: 0, checkedThrough: 0, complete: true }
  }
  const { firstSeq, lastSeq, lastHash } = chain
  const from = Math.max(firstSeq - 1, afterSeq ?? 0)
  let [seq, hash] = [from, await hashAt(world, chain, from)]
  const verdict = (problem: ChainProblem | undefined): ChainVerdict => {
    const complete = seq >= lastSeq
    return { problem, checked: seq - from, checkedThrough: seq, complete, firstSeq, lastSeq, lastHash }
  }
  const ends = {
    what: vault.knows(chain.seal) ? 'ends' : 'secret',
    seq: lastSeq,
    eventId: undefined,
  } as const
  if (!hasGenuineEnds(vault, chain)) return verdict(ends)
  if (hash === undefined) return verdict({ what: 'missing', seq: from, eventId: undefined })
  while (seq < lastSeq && seq - from < WALK_ROWS) {
    const rows = await store.listLinkedAuditEvents({ afterSeq: seq, toSeq: lastSeq, limit: BATCH_ROWS }, {})
    if (rows.length === 0) return verdict({ what: 'missing', seq: seq + 1, eventId: undefined })
    for (const row of rows) {
      if (row.seq !== seq + 1) return verdict({ what: 'missing', seq: seq + 1, eventId: undefined })
      if (!isLink(vault, hash, row)) {
        return verdict({ what: wrongness(world, row, rows), seq: row.seq, eventId: row.id })
      }
      seq = row.seq
      hash = row.hash
    }
  }
  return verdict(seq === lastSeq && hash !== lastHash ? { ...ends, what: 'ends' } : undefined)
}

/** The hash that the row after `seq` builds upon. */
async function hashAt({ store }: Walker, chain: AuditChain, seq: number): Promise<string | undefined> {
  if (seq === chain.firstSeq - 1) return chain.hashBeforeFirst
  const [row] = await store.listLinkedAuditEvents({ afterSeq: seq - 1, toSeq: seq, limit: 1 }, {})
  return row?.hash
}

/** A row that fits behind another one of its neighbours was moved; one that fits nowhere was changed. */
function wrongness(
  { vault }: Walker,
  row: LinkedAuditEvent,
  rows: readonly LinkedAuditEvent[],
): ChainProblem['what'] {
  if (!vault.knows(row.hash)) return 'secret'
  return rows.some(({ hash }) => isLink(vault, hash, row)) ? 'reordered' : 'altered'
}

import { momentText } from '../moment-text.ts'
import type { Vault } from '../ports.ts'
import type { AuditEvent } from './event.ts'

/** A row in its place: `hash` is over the row and the hash before it. */
export interface LinkedAuditEvent extends AuditEvent {
  readonly seq: number
  readonly hash: string
}

/** Where the chain begins and ends. */
export interface ChainEnds {
  readonly firstSeq: number
  readonly hashBeforeFirst: string
  /** One less than `firstSeq` when nothing is left. */
  readonly lastSeq: number
  readonly lastHash: string
}

/** The ends as they are kept: sealed, since whoever cuts the chain must not be able to move its ends to the cut. */
export interface AuditChain extends ChainEnds {
  readonly seal: string
}

export interface ChainExtension {
  /** One for each event, in their order. */
  readonly links: readonly { readonly id: string; readonly seq: number; readonly hash: string }[]
  readonly chain: AuditChain
}

export interface ChainPruning {
  readonly throughSeq: number
  readonly chain: AuditChain
}

const emptyChain: ChainEnds = { firstSeq: 1, hashBeforeFirst: 'guichet', lastSeq: 0, lastHash: 'guichet' }

/** Says whether a row is what was linked after `previousHash`, under any of our secrets. */
export function isLink(vault: Vault, previousHash: string, event: LinkedAuditEvent): boolean {
  return vault.matches('audit', linkText(previousHash, event), event.hash)
}

/** Says whether the ends are the ones that we wrote. */
export function hasGenuineEnds(vault: Vault, { seal, ...ends }: AuditChain): boolean {
  return vault.matches('audit', endsText(ends), seal)
}

/**
 * Links events to the end of the chain, in the order given. 'broken' when its ends are not ours: linking on would make
 * them so. Undefined when there is nothing to do.
 */
export function extendChain(
  vault: Vault,
  chain: AuditChain | undefined,
  events: readonly AuditEvent[],
): ChainExtension | undefined | 'broken' {
  if (chain !== undefined && !hasGenuineEnds(vault, chain)) return 'broken'
  const { firstSeq, hashBeforeFirst, lastSeq, lastHash } = chain ?? emptyChain
  let [seq, hash] = [lastSeq, lastHash]
  const links = events.map((event) => {
    seq += 1
    hash = vault.digest('audit', linkText(hash, event))
    return { id: event.id, seq, hash }
  })
  const extended = sealed(vault, { firstSeq, hashBeforeFirst, lastSeq: seq, lastHash: hash })
  // Equal but for the secret: sealed anew, so that an older secret can be dropped from the list.
  return extended.seal === chain?.seal || (chain === undefined && links.length === 0)
    ? undefined
    : { links, chain: extended }
}

/** Takes the rows from before `before` off the beginning. Stops at a gap, which must stay for all to see. */
export function shortenChain(
  vault: Vault,
  chain: AuditChain,
  { first, before }: { readonly first: readonly LinkedAuditEvent[]; readonly before: Date },
): ChainPruning | undefined {
  if (!hasGenuineEnds(vault, chain)) return undefined
  const staying = first.findIndex(({ seq, at }, index) => seq !== chain.firstSeq + index || at >= before)
  const last = (staying === -1 ? first : first.slice(0, staying)).at(-1)
  if (last === undefined) return undefined
  const { lastSeq, lastHash } = chain
  const ends = { firstSeq: last.seq + 1, hashBeforeFirst: last.hash, lastSeq, lastHash }
  return { throughSeq: last.seq, chain: sealed(vault, ends) }
}

function sealed(vault: Vault, ends: ChainEnds): AuditChain {
  return { ...ends, seal: vault.digest('audit', endsText(ends)) }
}

function endsText({ firstSeq, hashBeforeFirst, lastSeq, lastHash }: ChainEnds): string {
  return JSON.stringify(['ends', firstSeq, hashBeforeFirst, lastSeq, lastHash])
}

function linkText(previousHash: string, event: AuditEvent): string {
  return JSON.stringify(['link', previousHash, canonicalRow(event)])
}

/** Every column but the two that linking adds, in one order; the place in the chain is in the hash before. */
function canonicalRow(event: AuditEvent): readonly unknown[] {
  return [
    event.id,
    momentText(event.at),
    event.kind,
    event.clientId,
    event.keyId,
    event.sessionId,
    event.target,
    event.reason,
    event.address,
    event.userAgent,
    event.requestId,
    event.count,
    canonical(event.details),
    // Where there is one: the rows from before there were people have their hashes.
    ...(event.userId === undefined ? [] : [event.userId]),
  ]
}

/** PostgreSQL keeps no order of an object's members: ours is by name. The mark tells an object from a list of pairs. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return ['list', ...value.map(canonical)]
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return ['object', ...members.map(([name, member]) => [name, canonical(member)])]
}

import type { Caller } from '../caller.ts'
import type { World } from '../ports.ts'
import { type AuditEvent, auditEvent, type CountedKind } from './event.ts'

/** What was refused, and of whose key as far as that is proven. */
export interface Counted {
  readonly kind: CountedKind
  readonly reason: string
  /** Only of a genuine key: what a stranger claims would let him make rows at will. */
  readonly keyId?: string | undefined
  readonly clientId?: string | undefined
}

/**
 * Counts in memory what anybody can cause at will, a row for each minute, reason and genuine key. What a crash loses is
 * the count of a second or so.
 */
export interface AuditTally {
  readonly note: (counted: Counted, caller: Caller, now: Date) => void
  /** Takes all that was counted since the last time. */
  readonly take: () => readonly Count[]
  /** Puts back what could not be written. */
  readonly putBack: (counts: readonly Count[]) => void
}

export interface Count extends Counted {
  readonly minuteMs: number
  count: number
  /** The first few who were counted, to look for in the log. */
  readonly samples: { readonly addresses: string[]; readonly requestIds: string[] }
}

const MINUTE_MS = 60_000
const SAMPLES_MAX = 5
/** Beyond so many rows between two flushes the keys are no longer told apart. */
const COUNTS_MAX = 10_000

export function createAuditTally(): AuditTally {
  let counts = new Map<string, Count>()

  function countOf(counted: Counted, minuteMs: number): Count {
    const name = nameOf(counted, minuteMs)
    const known = counts.get(name)
    if (known !== undefined) return known
    if (counts.size >= COUNTS_MAX && counted.keyId !== undefined) {
      return countOf({ kind: counted.kind, reason: counted.reason }, minuteMs)
    }
    const count: Count = { ...counted, minuteMs, count: 0, samples: { addresses: [], requestIds: [] } }
    counts.set(name, count)
    return count
  }

  return {
    note(counted, { address, requestId }, now) {
      const count = countOf(counted, Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS)
      count.count++
      sample(count.samples.addresses, address)
      sample(count.samples.requestIds, requestId)
    },
    take() {
      if (counts.size === 0) return []
      const taken = [...counts.values()]
      counts = new Map()
      return taken
    },
    putBack(untaken) {
      for (const { minuteMs, count, samples, ...counted } of untaken) {
        const into = countOf(counted, minuteMs)
        into.count += count
        for (const address of samples.addresses) sample(into.samples.addresses, address)
        for (const requestId of samples.requestIds) sample(into.samples.requestIds, requestId)
      }
    },
  }
}

/** Adds what was counted to the rows of the log, for all instances together. */
export async function flushAuditTally(world: World, tally: AuditTally): Promise<void> {
  const counts = tally.take()
  if (counts.length === 0) return
  const events = counts.map((count) => eventOf(world, count))
  let unwritten: readonly number[] = events.map((_, index) => index)
  try {
    const late = new Set(await world.store.addAuditCounts(events))
    unwritten = unwritten.filter((index) => late.has(events[index]?.id ?? ''))
    // Their row is in the chain and can be changed no more: what comes after it is a row of its own.
    const rest = events.filter(({ id }) => late.has(id)).map((event) => ({ ...event, id: world.newId() }))
    if (rest.length > 0) await world.store.insertAuditEvents(rest)
  } catch (fault) {
    tally.putBack(counts.filter((_, index) => unwritten.includes(index)))
    throw fault
  }
}

function eventOf(world: World, count: Count): AuditEvent {
  const { kind, reason, keyId, clientId } = count
  const details = { addresses: count.samples.addresses, request_ids: count.samples.requestIds }
  return {
    ...auditEvent(world, { kind, reason, keyId, clientId, details }, undefined),
    id: idOf(world, nameOf(count, count.minuteMs)),
    at: new Date(count.minuteMs),
    count: count.count,
  }
}

function nameOf({ kind, reason, keyId = '' }: Counted, minuteMs: number): string {
  return `${minuteMs} ${kind} ${reason} ${keyId}`
}

/** The same on every instance, so that their counts meet in one row (a UUID of version 8, RFC 9562 §5.8). */
function idOf({ vault }: World, name: string): string {
  const [mac = new Uint8Array()] = vault.macs('audit', name)
  const hex = Array.from(mac.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-8$3-8$4-$5')
}

function sample(samples: string[], value: string | undefined): void {
  if (value !== undefined && samples.length < SAMPLES_MAX && !samples.includes(value)) samples.push(value)
}

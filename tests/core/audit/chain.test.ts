import { describe, expect, it } from 'vitest'
import {
  type AuditChain,
  type ChainExtension,
  extendChain,
  hasGenuineEnds,
  isLink,
  type LinkedAuditEvent,
  shortenChain,
} from '../../../src/core/audit/chain.ts'
import { type AuditEvent, auditEvent } from '../../../src/core/audit/event.ts'
import { cleanText } from '../../../src/core/keys/clean-text.ts'
import { createVault } from '../../../src/runtime/vault.ts'
import { at } from '../../support/store-under-test.ts'

const oldSecret = 'the old secret of more than thirty-two characters'
const newSecret = 'the new secret of more than thirty-two characters'
const vault = createVault([oldSecret])

const anEvent = (seconds: number): AuditEvent => ({
  ...auditEvent(
    { now: () => at(seconds), newId: () => crypto.randomUUID() },
    { kind: 'exchange' },
    undefined,
  ),
  details: { name: 'a', list: [1, { deep: true }], nothing: null },
})

function extended(
  chain: AuditChain | undefined,
  events: readonly AuditEvent[],
  by = vault,
): { readonly chain: AuditChain; readonly rows: readonly LinkedAuditEvent[] } {
  const { links, chain: next } = extendChain(by, chain, events) as ChainExtension
  return { chain: next, rows: events.map((event, index) => ({ ...event, ...links[index]! })) }
}

describe('the audit chain', () => {
  it('links rows one behind the other, across batches', () => {
    const first = extended(undefined, [anEvent(1), anEvent(2)])
    const second = extended(first.chain, [anEvent(3)])
    const rows = [...first.rows, ...second.rows]
    expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(second.chain).toMatchObject({ firstSeq: 1, lastSeq: 3, lastHash: rows[2]!.hash })
    let hash = second.chain.hashBeforeFirst
    for (const row of rows) {
      expect(isLink(vault, hash, row)).toBe(true)
      hash = row.hash
    }
  })

  it('notices a change of any part of a row, and a row behind another one', () => {
    const { rows, chain } = extended(undefined, [anEvent(1), anEvent(2)])
    const [row, next] = rows as [LinkedAuditEvent, LinkedAuditEvent]
    const changes: readonly Partial<LinkedAuditEvent>[] = [
      { id: crypto.randomUUID() },
      { at: at(1.001) },
      { kind: 'refresh' },
      { clientId: 'x' },
      { keyId: 'x' },
      { sessionId: 'x' },
      { target: 'x' },
      { reason: 'x' },
      { address: 'x' },
      { userAgent: 'x' },
      { requestId: 'x' },
      { count: 2 },
      { details: {} },
      { details: { ...row.details, list: [1, ['deep', true]] } },
      { hash: next.hash },
    ]
    for (const change of changes) {
      expect([change, isLink(vault, chain.hashBeforeFirst, { ...row, ...change })]).toEqual([change, false])
    }
    expect(isLink(vault, chain.hashBeforeFirst, next)).toBe(false)
  })

  it('reads details in whatever order the database gives them back', () => {
    const { rows, chain } = extended(undefined, [anEvent(1)])
    const row = { ...rows[0]!, details: { list: [1, { deep: true }], nothing: null, name: 'a' } }
    expect(isLink(vault, chain.hashBeforeFirst, row)).toBe(true)
  })

  it('goes on under a new secret, and stays good while the old one is in the list', () => {
    const before = extended(undefined, [anEvent(1)])
    const both = createVault([newSecret, oldSecret])
    const after = extended(before.chain, [anEvent(2)], both)
    expect(isLink(both, before.chain.hashBeforeFirst, before.rows[0]!)).toBe(true)
    expect(isLink(both, before.rows[0]!.hash, after.rows[0]!)).toBe(true)
    expect(hasGenuineEnds(createVault([newSecret]), after.chain)).toBe(true)
    expect(isLink(createVault([newSecret]), before.chain.hashBeforeFirst, before.rows[0]!)).toBe(false)
  })

  it('seals its ends under a new secret although nothing happened, and otherwise does nothing', () => {
    const { chain } = extended(undefined, [anEvent(1)])
    expect(extendChain(vault, chain, [])).toBeUndefined()
    expect(extendChain(vault, undefined, [])).toBeUndefined()
    const moved = extendChain(createVault([newSecret, oldSecret]), chain, []) as ChainExtension
    expect(moved.links).toEqual([])
    expect(hasGenuineEnds(createVault([newSecret]), moved.chain)).toBe(true)
  })

  it('is not linked on, nor shortened, from ends that somebody moved', () => {
    const { chain, rows } = extended(undefined, [anEvent(1), anEvent(2)])
    const cut: AuditChain = { ...chain, lastSeq: 1, lastHash: rows[0]!.hash }
    expect(extendChain(vault, cut, [anEvent(3)])).toBe('broken')
    expect(shortenChain(vault, cut, { first: rows, before: at(9) })).toBeUndefined()
  })

  it('loses its oldest rows up to a moment, and never what comes after a gap', () => {
    const { chain, rows } = extended(undefined, [anEvent(1), anEvent(2), anEvent(3)])
    const pruning = shortenChain(vault, chain, { first: rows, before: at(3) })!
    expect(pruning.throughSeq).toBe(2)
    expect(pruning.chain).toMatchObject({ firstSeq: 3, hashBeforeFirst: rows[1]!.hash, lastSeq: 3 })
    expect(hasGenuineEnds(vault, pruning.chain)).toBe(true)
    expect(shortenChain(vault, chain, { first: rows, before: at(1) })).toBeUndefined()
    expect(shortenChain(vault, chain, { first: rows.slice(1), before: at(9) })).toBeUndefined()
    const gap = [rows[0]!, rows[2]!]
    expect(shortenChain(vault, chain, { first: gap, before: at(9) })?.throughSeq).toBe(1)
  })
})

describe("a caller's text in the log", () => {
  it('is cut to 200 characters and holds no credential and nothing that a database refuses', () => {
    expect(cleanText('x'.repeat(500))).toHaveLength(200)
    expect(cleanText(`agent gk_live_${'a'.repeat(46)} end`)).toBe('agent … end')
    expect(cleanText('it is eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here')).toBe('it is … here')
    expect(cleanText('a\0b')).toBe('a\uFFFDb')
    expect(cleanText(`${'x'.repeat(199)}😀`)?.isWellFormed()).toBe(true)
    expect(cleanText(undefined)).toBeUndefined()
  })

  it('holds no part of a credential either that stands where the text is cut', () => {
    // What was cut no longer looked like a key, and the many before it had made room for it.
    const key = `gk_${'a'.repeat(12)}${'S'.repeat(28)}cccccc`
    for (let fill = 0; fill < 60; fill++)
      expect(cleanText(`${`${key} `.repeat(31)}${'- '.repeat(fill)}${key} ${key}`)).not.toContain('SSS')
  })
})

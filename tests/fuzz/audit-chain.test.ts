import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AuditChain,
  type ChainExtension,
  extendChain,
  hasGenuineEnds,
  isLink,
  type LinkedAuditEvent,
  shortenChain,
} from '../../src/core/audit/chain.ts'
import { type AuditEvent, auditKinds } from '../../src/core/audit/event.ts'
import { createVault } from '../../src/runtime/vault.ts'
import { fuzzed } from './fuzzed.ts'
import { oddText, oddValue } from './odd-texts.ts'

const secrets = [
  'the one secret of more than thirty-two characters',
  'the other secret of more than thirty-two characters',
]
const vault = createVault([secrets[0]!])
const moment = fc.date({
  min: new Date('2020-01-01T00:00:00Z'),
  max: new Date('2100-01-01T00:00:00Z'),
  noInvalidDate: true,
})
const text = fc.option(
  oddText.map((one) => one.toWellFormed()),
  { nil: undefined },
)

const event: fc.Arbitrary<AuditEvent> = fc.record({
  id: fc.uuid(),
  at: moment,
  kind: fc.constantFrom(...auditKinds),
  clientId: text,
  keyId: text,
  sessionId: text,
  userId: text,
  target: text,
  reason: text,
  address: text,
  userAgent: text,
  requestId: text,
  count: fc.integer({ min: 1, max: 1000 }),
  details: fc.dictionary(fc.string(), oddValue, { maxKeys: 3, noNullPrototype: true }),
})

/** All rows of a chain that was written in batches. */
function written(batches: readonly (readonly AuditEvent[])[]): {
  rows: LinkedAuditEvent[]
  chain: AuditChain | undefined
} {
  let chain: AuditChain | undefined
  const rows: LinkedAuditEvent[] = []
  for (const batch of batches) {
    const extension = extendChain(vault, chain, batch)
    if (extension === undefined) continue
    expect(extension).not.toBe('broken')
    const { links, chain: next } = extension as ChainExtension
    rows.push(...batch.map((one, index) => ({ ...one, ...links[index]! })))
    chain = next
  }
  return { rows, chain }
}

const isWhole = (rows: readonly LinkedAuditEvent[], chain: AuditChain) => {
  let hash = chain.hashBeforeFirst
  return (
    hasGenuineEnds(vault, chain) &&
    rows.every((row, index) => {
      const good = row.seq === chain.firstSeq + index && isLink(vault, hash, row)
      hash = row.hash
      return good
    }) &&
    hash === chain.lastHash &&
    rows.length === chain.lastSeq - chain.firstSeq + 1
  )
}

const batches = fc.array(fc.array(event, { maxLength: 4 }), { minLength: 1, maxLength: 4 })

describe('the audit chain', () => {
  it('is whole as it was written, in whatever batches, and as PostgreSQL gives its objects back', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const { rows, chain } = written(all)
        if (chain === undefined) return
        expect(isWhole(rows, chain)).toBe(true)
        // jsonb orders members by the length of their names, and forgets a minus before zero.
        const kept = rows.map((row) => ({ ...row, details: reordered(row.details) as AuditEvent['details'] }))
        expect(isWhole(kept, chain)).toBe(true)
      }),
      fuzzed(200),
    )
  })

  it('is broken by any change of any row, by a row less, and by two that changed places', () => {
    const fields = [
      'id',
      'clientId',
      'keyId',
      'sessionId',
      'userId',
      'target',
      'reason',
      'address',
      'userAgent',
      'requestId',
    ] as const
    const change: fc.Arbitrary<Partial<LinkedAuditEvent>> = fc.oneof(
      fc.tuple(fc.constantFrom(...fields), oddText).map(([name, value]) => ({ [name]: value })),
      fc.constantFrom(...fields.slice(1)).map((name) => ({ [name]: undefined })),
      fc.constantFrom(...auditKinds).map((kind) => ({ kind })),
      moment.map((at) => ({ at })),
      fc.integer({ min: 1 }).map((count) => ({ count })),
      fc.dictionary(fc.string(), oddValue, { noNullPrototype: true }).map((details) => ({ details })),
    )
    fc.assert(
      fc.property(
        fc.array(event, { minLength: 2, maxLength: 5 }),
        fc.nat(),
        change,
        (events, at, changes) => {
          const { rows, chain } = written([events])
          const place = at % rows.length
          const before = rows[place]!
          const after = { ...before, ...changes }
          const isSame = JSON.stringify(reordered(after)) === JSON.stringify(reordered(before))
          expect(isWhole(rows.with(place, after), chain!)).toBe(isSame)
          expect(isWhole(rows.toSpliced(place, 1), chain!)).toBe(false)
          const next = (place + 1) % rows.length
          expect(isWhole(rows.with(place, rows[next]!).with(next, before), chain!)).toBe(false)
        },
      ),
      fuzzed(300),
    )
  })

  it('is shortened from its beginning alone, and whole after that', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 6 }), moment, (events, before) => {
        const { rows, chain } = written([events])
        const cut = shortenChain(vault, chain!, { first: rows, before })
        const kept = rows.filter(({ seq }) => seq > (cut?.throughSeq ?? 0))
        expect(rows.slice(0, rows.length - kept.length).every(({ at }) => at < before)).toBe(true)
        expect(isWhole(kept, cut?.chain ?? chain!)).toBe(true)
        const forged = { ...chain!, lastSeq: chain!.lastSeq - 1 }
        expect([
          extendChain(vault, forged, events),
          shortenChain(vault, forged, { first: rows, before }),
        ]).toEqual(['broken', undefined])
      }),
      fuzzed(200),
    )
  })
})

describe('the vault', () => {
  it('opens what it sealed, for its purpose alone, and nothing that was altered', () => {
    fc.assert(
      fc.property(oddText, fc.nat(), fc.stringMatching(/^[A-Za-z0-9_-]$/), (plain, at, put) => {
        const sealed = vault.seal('mail', plain)
        const both = createVault(secrets.toReversed())
        expect(vault.unseal('mail', sealed)).toBe(plain.toWellFormed())
        expect(both.unseal('mail', sealed)).toBe(plain.toWellFormed())
        expect([
          vault.unseal('factor-secret', sealed),
          createVault([secrets[1]!]).unseal('mail', sealed),
        ]).toEqual([undefined, undefined])
        const place = at % sealed.length
        const altered = sealed.slice(0, place) + put + sealed.slice(place + 1)
        const bytes = (text: string) =>
          text
            .split('.')
            .map((part, index) => (index === 0 ? part : Buffer.from(part, 'base64url').toString('hex')))
        if (bytes(altered).join() !== bytes(sealed).join())
          expect(vault.unseal('mail', altered)).toBeUndefined()
      }),
      fuzzed(300),
    )
  })

  it('answers any text for a sealed one or a digest with no', () => {
    fc.assert(
      fc.property(oddText, oddText, (one, other) => {
        expect([vault.unseal('mail', one), vault.matches('api-key', other, one), vault.knows(one)]).toEqual([
          undefined,
          false,
          false,
        ])
        const digest = vault.digest('api-key', other)
        expect([vault.matches('api-key', other, digest), vault.matches('audit', other, digest)]).toEqual([
          true,
          false,
        ])
        if (one.toWellFormed() !== other.toWellFormed())
          expect(vault.matches('api-key', one, digest)).toBe(false)
      }),
      fuzzed(500),
    )
  })
})

function reordered(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(reordered)
  if (Object.is(value, -0)) return 0
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, inner]) => [name, reordered(inner)]))
}

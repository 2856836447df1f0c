import fc from 'fast-check'
import { base64url } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { judgeMetadataChange } from '../../src/core/accounts/merge-metadata.ts'
import { isKeepable, metadataMaxDepth, userMetadataMaxLength } from '../../src/core/accounts/metadata.ts'
import { idForms, listing, parsePage } from '../../src/core/page.ts'
import { migratedDatabase, type TestDatabase } from '../support/database.ts'
import { fuzzed, patience } from './fuzzed.ts'
import { expectUnpolluted, mutantsOf, oddName, oddText, oddValue } from './odd-texts.ts'

const metadata = fc
  .array(fc.tuple(oddName, oddValue), { maxLength: 5 })
  .map((members) => Object.fromEntries(members) as Record<string, unknown>)

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe('metadata', patience, () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await migratedDatabase()
  })

  afterAll(() => database.drop())

  it('that is taken can be kept, and comes back as it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(metadata, { minLength: 20, maxLength: 20 }), async (all) => {
        const taken = all.filter((one) => isKeepable(one, userMetadataMaxLength))
        for (const one of taken) expect(depthOf(one)).toBeLessThanOrEqual(metadataMaxDepth)
        const sent = taken.map((one) => JSON.stringify(one))
        const rows = await database.query('select value from jsonb_array_elements($1::jsonb)', [
          `[${sent.join(',')}]`,
        ])
        expect(rows.map(({ value }) => value)).toEqual(sent.map((text) => withoutMinusZero(JSON.parse(text))))
      }),
      fuzzed(30),
    )
  })

  it('is laid over what there was member by member, null taking away, and nothing else is touched', () => {
    fc.assert(
      fc.property(metadata, metadata, (before, wanted) => {
        const change = judgeMetadataChange(before, wanted)
        expectUnpolluted()
        if (!change.ok) {
          expect(change.failure.reason).toBe('metadata_too_large')
          return
        }
        const { set, remove } = change.value
        const named = [...Object.keys(set), ...remove].toSorted()
        expect(named).toEqual(Object.keys(wanted).toSorted())
        for (const name of remove) expect([Object.hasOwn(wanted, name), wanted[name]]).toEqual([true, null])
        for (const name of Object.keys(set))
          expect(Object.getOwnPropertyDescriptor(set, name)?.value).toBe(wanted[name])
        expect(Object.getPrototypeOf(set)).toBe(Object.prototype)
      }),
      fuzzed(600),
    )
  })

  it('that is refused would not have been kept, or is too large', () => {
    fc.assert(
      fc.property(metadata, (one) => {
        if (isKeepable(one, userMetadataMaxLength)) return
        const text = JSON.stringify(one)
        const isOdd = /\\u0000|\\ud[89a-f]/i.test(text)
        expect(isOdd || text.length > userMetadataMaxLength || depthOf(one) > metadataMaxDepth).toBe(true)
      }),
      fuzzed(600),
    )
  })
})

describe('a cursor', () => {
  const moment = fc.date({
    min: new Date('2020-01-01T00:00:00Z'),
    max: new Date('2999-12-31T00:00:00Z'),
    noInvalidDate: true,
  })

  it('leads on from the last row of its page', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ createdAt: moment, id: fc.uuid() }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        (rows, limit) => {
          const { items, nextCursor } = listing(rows, limit)
          expect(items).toEqual(rows.slice(0, limit))
          const page = parsePage({ limit, cursor: nextCursor }, idForms.uuid)
          expect(page).toEqual({
            ok: true,
            value: { limit, after: rows.length > limit ? items.at(-1) : undefined },
          })
        },
      ),
      fuzzed(300),
    )
  })

  it('of any other making is refused, or names a time and an id and nothing more', () => {
    const genuine = listing(
      [
        { createdAt: new Date(0), id: 'x' },
        { createdAt: new Date(0), id: 'x' },
      ],
      1,
    ).nextCursor!
    const plain = fc
      .tuple(
        fc.oneof(
          moment.map((at) => at.toISOString()),
          oddText,
        ),
        fc.oneof(fc.uuid(), oddText),
        oddText,
      )
      .map(([at, id, more]) => base64url.encode(Buffer.from(`${at}|${id}${more}`)))
    fc.assert(
      fc.property(fc.oneof(oddText, mutantsOf(genuine), plain), (cursor) => {
        const page = parsePage({ limit: 1, cursor }, idForms.uuid)
        if (!page.ok) {
          expect(page.failure).toEqual({ reason: 'cursor_invalid' })
          return
        }
        expect(page.value.after?.id).toMatch(idForms.uuid)
        expect(page.value.after?.createdAt.getTime()).toBeGreaterThan(0)
      }),
      fuzzed(1000),
    )
  })
})

/** PostgreSQL has one zero. */
function withoutMinusZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(withoutMinusZero)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutMinusZero(inner)]))
}

import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrayText, columnText } from '../../src/store/array-text.ts'
import { fuzzed } from '../fuzz/fuzzed.ts'
import { oddText } from '../fuzz/odd-texts.ts'
import { describeTheStore } from '../support/store-under-test.ts'

describeTheStore((the) => {
  const readBack = async (text: string | null) => {
    // As JSON, so that only the database reads a list here.
    const { rows } = (await the.execute(sql`select array_to_json(${text}::text[])::text as list`)) as {
      readonly rows: readonly { readonly list: string }[]
    }
    return JSON.parse(rows[0]?.list ?? '')
  }

  describe('a list that is spelled for the database', () => {
    it.each([
      ['is empty', []],
      ['holds nothing', [null, '', null]],
      ['holds words that mean nothing', ['null', 'NULL', 'nil']],
      ['holds quotes, backslashes and braces', ['"', '\\', '\\"', '{}', '{"a":"b,c"}', '\\n', "'"]],
      ['holds what JSON escapes', ['\n', '\t', '\b\f\r', '\u0001', '\u001f', '\u007f', '\u2028\u2029']],
      ['holds spaces and commas', [' ', ' a ', ',', 'a,b']],
      ['holds more than ASCII', ['é', '日本', '😀', '\uFFFD']],
    ])('is read as it was, where it %s', async (_what, values) => {
      expect(await readBack(arrayText(values))).toEqual(values)
    })

    it('spells numbers beside texts that need a mark, and without them, alike', async () => {
      expect(await readBack(arrayText([1, -2.5, null, 'a']))).toEqual(['1', '-2.5', null, 'a'])
      expect(await readBack(arrayText([1, -2.5, null, '"']))).toEqual(['1', '-2.5', null, '"'])
    })

    it('is read as it was, whatever texts it holds', async () => {
      const texts = oddText.map((text) => text.replaceAll('\0', '').toWellFormed())
      await fc.assert(
        fc.asyncProperty(fc.array(fc.option(texts), { maxLength: 6 }), async (values) => {
          expect(await readBack(arrayText(values))).toEqual(values)
        }),
        fuzzed(100),
      )
    })

    it('is nothing at all as a column without values, which `unnest` fills up', async () => {
      expect([columnText([null, null]), columnText([null, 'a'])]).toEqual([null, '{null,"a"}'])
      const columns = sql`${arrayText([1, 2])}::int[], ${columnText([null, null])}::text[]`
      const { rows } = (await the.execute(sql`select * from unnest(${columns}) as made (a, b)`)) as {
        readonly rows: readonly unknown[]
      }
      expect(rows).toEqual([
        { a: 1, b: null },
        { a: 2, b: null },
      ])
    })
  })
})

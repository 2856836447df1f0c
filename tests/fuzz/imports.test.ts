import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { parseInput } from '../../src/http/parse-input.ts'
import { CliError } from '../../src/runtime/cli/cli-error.ts'
import { readImportFile } from '../../src/runtime/cli/import-file.ts'
import { readExport } from '../../src/runtime/cli/supabase-export.ts'
import { factorRow, identityRow, userRow } from '../../src/runtime/cli/supabase-rows.ts'
import { aFactorRow, anIdentityRow, aUserRow } from '../support/supabase-rows.ts'
import { fuzzed } from './fuzzed.ts'
import { expectUnpolluted, mutantsOf, oddName, oddText, oddValue } from './odd-texts.ts'

let folder: string
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-fuzz-'))
  file = join(folder, 'export.json')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const user = aUserRow()
const rows = {
  user: [userRow, user],
  identity: [identityRow, anIdentityRow(user)],
  factor: [factorRow, aFactorRow()],
} as const

/** Writes the file and reads it; undefined where it is refused, in words that quote nothing of it. */
async function read<T>(bytes: string | Uint8Array, reading: () => Promise<T>): Promise<T | undefined> {
  await writeFile(file, bytes)
  try {
    return await reading()
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    expect(error.message.replace(file, '')).not.toContain('secret-of-somebody')
    return undefined
  }
}

const row = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(user)), oddName), oddValue), { maxLength: 4 })
  .map((changes) => ({
    ...user,
    encrypted_password: 'secret-of-somebody',
    ...Object.fromEntries(changes),
  }))

describe('a row of an export', () => {
  it.each(Object.entries(rows))('of kind %s is read, or every fault of it is named', (_, [schema, good]) => {
    expect(schema.safeParse(good).success).toBe(true)
    const change = fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(good)), oddName), oddValue)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(change, { maxLength: 3 }).map((all) => ({ ...good, ...Object.fromEntries(all) })),
          oddValue,
        ),
        (value) => {
          const parsed = parseInput<z.ZodType>(schema, value)
          expectUnpolluted()
          if (!parsed.ok) expect(parsed.failure.every(({ message }) => message.length > 0)).toBe(true)
        },
      ),
      fuzzed(250),
    )
  })

  it('has its times as PostgreSQL writes them', () => {
    const moment = fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
    fc.assert(
      fc.property(moment, (at) => {
        const text = at.toISOString().replace('T', ' ').replace('Z', '+00')
        expect(userRow.parse({ ...user, created_at: text }).created_at).toEqual(at)
      }),
      fuzzed(200),
    )
  })
})

describe('an export', () => {
  const list = fc.array(row, { maxLength: 3 })

  it('is read the same however a tool wrote it', async () => {
    const plain = fc.array(
      fc.dictionary(
        fc.stringMatching(/^[a-z]{2,8}$/),
        fc.oneof(
          fc.string().map((text) => text.replace(/[{}]/g, '')),
          fc.integer(),
        ),
        { minKeys: 2, maxKeys: 4, noNullPrototype: true },
      ),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(plain, async (people) => {
        const json = JSON.stringify(people)
        const rule = '-'.repeat(20)
        const forms = [
          json,
          JSON.stringify(people, null, 2),
          `\ufeff${json}\n`,
          JSON.stringify({ users: people }),
          JSON.stringify([{ json_agg: people }]),
          ` json_agg \n${rule}\n ${json.replaceAll('},', '}, +\n ')}\n(1 row)\n`,
          people.map((one) => JSON.stringify({ id: 1, ...one })).join('\n'),
        ]
        for (const [index, text] of forms.entries()) {
          const got = await read(text, () => readExport(file, 'users'))
          expect(got).toEqual(index === 6 ? people.map((one) => ({ id: 1, ...one })) : people)
        }
      }),
      fuzzed(40),
    )
  })

  it('of any bytes is rows, or refused in words that quote nothing', async () => {
    const text = list.map((all) => JSON.stringify(all))
    const bytes = fc.oneof(
      oddText,
      text,
      text.chain((one) => mutantsOf(one)),
      fc.uint8Array({ maxLength: 40 }),
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const got = await read(content, () => readExport(file, 'users'))
        expect(got === undefined || Array.isArray(got)).toBe(true)
        const people = await read(content, () => readImportFile(file))
        for (const { problem } of people?.faults ?? []) expect(problem).not.toContain('secret-of-somebody')
      }),
      fuzzed(200),
    )
  })
})

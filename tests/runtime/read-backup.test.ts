import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBackup } from '../../src/runtime/backup/read-backup.ts'
import { createVault, secretIdOf } from '../../src/runtime/vault.ts'
import { testSecret } from '../support/gateway-process.ts'

const vault = createVault([testSecret])
const header = {
  format: 1,
  version: '0.0.0',
  migration: '0000_first',
  created_at: '2026-01-01T00:00:00.000Z',
  database: 'embedded',
  // It is in every backup, for all to see.
  secret_id: secretIdOf(vault.digest('backup', '')),
}
const start = Buffer.from(`${JSON.stringify(['guichet-backup', header])}\n["table","role",{}]\n`)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guichet-test-read-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Reads what somebody made up without the secret: the rows that came out, and why no more did. */
async function read(...lines: readonly Uint8Array[]) {
  const file = join(folder, crypto.randomUUID())
  await writeFile(file, gzipSync(Buffer.concat([start, ...lines]), { level: 1 }))
  const lengths: number[] = []
  const reading = async () => {
    for await (const part of readBackup(file, { vault, migrations: [{ tag: '0000_first' }] })) {
      if (part.kind === 'rows') lengths.push(...part.lines.map(({ length }) => length))
    }
  }
  const problem = await reading().catch((error) => error)
  return { lengths, problem }
}

const MIB = 2 ** 20

describe('a backup that somebody made up', () => {
  // A minute for 32 MiB, and four times as long for twice as much, before anybody could look at the seal.
  it('is read in a time that grows with its lines, and not with their square', {
    timeout: 20_000,
  }, async () => {
    const { lengths, problem } = await read(Buffer.alloc(32 * MIB, ' '), Buffer.from('\n{}\n{}'))
    expect(lengths).toEqual([32 * MIB])
    expect(problem).toMatchObject({ name: 'BackupError', message: expect.stringContaining('is damaged') })
  })

  it('is not read on where a line has no end', { timeout: 30_000 }, async () => {
    const { lengths, problem } = await read(Buffer.alloc(300 * MIB, ' '), Buffer.from('\n{}\n'))
    expect(lengths).toEqual([])
    expect(problem).toMatchObject({ name: 'BackupError', message: expect.stringContaining('is damaged') })
  })
})

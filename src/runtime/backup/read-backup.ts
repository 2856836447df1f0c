import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Vault } from '../../core/ports.ts'
import { BackupError } from './backup-error.ts'
import {
  BACKUP_FORMAT,
  type BackupEnd,
  type BackupHeader,
  isControlLine,
  parseControlLine,
} from './backup-format.ts'

/** A piece of a backup, in its order: first the header, then tables, each before its rows. */
export type BackupPart =
  | { readonly kind: 'header'; readonly header: BackupHeader }
  | { readonly kind: 'table'; readonly name: string; readonly columns: Readonly<Record<string, string>> }
  | { readonly kind: 'rows'; readonly lines: readonly string[] }

/** As many rows and characters as are in memory, and in one statement. */
const PART_ROWS = 500
const PART_CHARACTERS = 1_000_000

/** No row is nearly as long. What was made to be endless takes no more memory than this. */
const LINE_MAX_CHARACTERS = 2 ** 28

/**
 * Reads a backup piece by piece. Only who has read it to the end knows that it is whole, and that it was written under one
 * of our secrets. @throws BackupError
 */
export async function* readBackup(
  file: string,
  { vault, migrations }: { readonly vault: Vault; readonly migrations: readonly { readonly tag: string }[] },
): AsyncGenerator<BackupPart> {
  const hash = createHash('sha256')
  const counts: Record<string, number> = {}
  let header: BackupHeader | undefined
  let table: string | undefined
  let end: BackupEnd | undefined
  let lines: string[] = []
  let characters = 0
  const take = () => {
    const part = { kind: 'rows', lines } as const
    lines = []
    characters = 0
    return part
  }
  try {
    for await (const line of linesOf(file)) {
      if (end !== undefined) throw damaged(file)
      if (!isControlLine(line)) {
        if (table === undefined) throw header === undefined ? foreign(file) : damaged(file)
        hash.update(`${line}\n`)
        counts[table] = (counts[table] ?? 0) + 1
        lines.push(line)
        characters += line.length
        if (lines.length === PART_ROWS || characters > PART_CHARACTERS) yield take()
        continue
      }
      const control = parseControlLine(line)
      if (header === undefined) {
        if (control?.[0] !== 'guichet-backup') throw foreign(file)
        header = control[1]
        admit(header, { file, vault, migrations })
        yield { kind: 'header', header }
      } else if (control?.[0] === 'table') {
        if (lines.length > 0) yield take()
        table = control[1]
        counts[table] = 0
        yield { kind: 'table', name: table, columns: control[2] }
      } else if (control?.[0] === 'end') {
        if (lines.length > 0) yield take()
        end = control[1]
        continue
      } else throw damaged(file)
      hash.update(`${line}\n`)
    }
  } catch (error) {
    if (!isZlibError(error)) throw error
    throw error.message === 'incorrect header check' ? foreign(file) : damaged(file)
  }
  if (header === undefined) throw foreign(file)
  if (end === undefined || hash.digest('hex') !== end.sha256 || !sameCounts(counts, end.rows)) {
    throw damaged(file)
  }
  if (!vault.matches('backup', end.sha256, end.seal)) {
    throw new BackupError(
      `${file} was changed by somebody who does not have GUICHET_SECRET. Nothing was restored.`,
    )
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file)
  const plain = createGunzip()
  // A pipe alone would leave the reader waiting for a file that cannot be read.
  source.on('error', (error) => plain.destroy(error))
  source.pipe(plain)
  plain.setEncoding('utf8')
  try {
    // In its pieces until it is whole: joined with each of them, a long line would be copied thousands of times.
    let pieces: string[] = []
    let characters = 0
    for await (const chunk of plain) {
      const [first = '', ...more] = String(chunk).split('\n')
      pieces.push(first)
      characters += first.length
      if (characters > LINE_MAX_CHARACTERS) throw damaged(file)
      const last = more.pop()
      if (last === undefined) continue
      yield pieces.join('')
      yield* more
      pieces = [last]
      characters = last.length
    }
    if (characters > 0) yield pieces.join('')
  } finally {
    source.destroy()
    plain.destroy()
  }
}

/** What can be told before anything else is read. @throws BackupError */
function admit(
  { format, version, migration, secret_id: secretId }: BackupHeader,
  {
    file,
    vault,
    migrations,
  }: {
    readonly file: string
    readonly vault: Vault
    readonly migrations: readonly { readonly tag: string }[]
  },
): void {
  if (format > BACKUP_FORMAT || !migrations.some(({ tag }) => tag === migration)) {
    throw new BackupError(
      `${file} was written by a newer release (${version}): restore it with that one, or with a later one.`,
    )
  }
  if (!vault.knows(`${secretId}.`)) {
    throw new BackupError(
      `${file} was written under another secret (its id is ${secretId}): set GUICHET_SECRET to the one of that installation. Nothing was restored.`,
    )
  }
}

function sameCounts(
  found: Readonly<Record<string, number>>,
  told: Readonly<Record<string, number>>,
): boolean {
  const names = Object.keys(told)
  return names.length === Object.keys(found).length && names.every((name) => found[name] === told[name])
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

function foreign(file: string): BackupError {
  return new BackupError(`${file} is no backup of Guichet.`)
}

function damaged(file: string): BackupError {
  return new BackupError(`${file} is damaged, or only a part of a backup. Nothing was restored.`)
}

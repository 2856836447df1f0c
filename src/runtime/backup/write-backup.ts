import { createHash } from 'node:crypto'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import manifest from '../../../package.json' with { type: 'json' }
import type { Vault } from '../../core/ports.ts'
import { type Snapshot, withSnapshot } from '../../store/snapshot.ts'
import type { BareDatabase } from '../postgres.ts'
import { secretIdOf } from '../vault.ts'
import { BackupError } from './backup-error.ts'
import { BACKUP_FORMAT, type BackupHeader, type ControlLine, spellControlLine } from './backup-format.ts'
import { tagOf } from './migrations.ts'

export interface BackupSummary {
  readonly header: BackupHeader
  readonly rows: Readonly<Record<string, number>>
}

export interface BackupOutput {
  readonly vault: Vault
  readonly now: Date
  readonly to: Writable
  /** Gives up when it aborts. */
  readonly signal: AbortSignal
}

/** Writes one state of a database, sealed under the secret that it is under. @throws BackupError */
export async function writeBackup(
  { db, kind }: Pick<BareDatabase, 'db' | 'kind'>,
  { vault, now, to, signal }: BackupOutput,
): Promise<BackupSummary> {
  return withSnapshot(db, async (snapshot) => {
    const header: BackupHeader = {
      format: BACKUP_FORMAT,
      version: manifest.version,
      migration: migrationOf(snapshot),
      created_at: now.toISOString(),
      database: kind,
      secret_id: secretIdOf(vault.digest('backup', '')),
    }
    const boxes = await snapshot.sealedSigningKeys()
    if (boxes.some((box) => vault.unseal('signing-key', box) === undefined)) {
      throw new BackupError(
        'GUICHET_SECRET does not open the signing keys in this database: a backup under it could not be put back.',
      )
    }
    const rows: Record<string, number> = {}
    // Standard output is not ours to end.
    const end = to !== process.stdout
    await pipeline(linesOf(snapshot, { header, rows, vault }), createGzip(), to, { signal, end })
    return { header, rows }
  })
}

async function* linesOf(
  snapshot: Snapshot,
  {
    header,
    rows,
    vault,
  }: { readonly header: BackupHeader; readonly rows: Record<string, number>; readonly vault: Vault },
): AsyncGenerator<string> {
  const hash = createHash('sha256')
  const hashed = (text: string) => {
    hash.update(text)
    return text
  }
  yield hashed(spell(['guichet-backup', header]))
  for (const table of snapshot.tables) {
    let count = 0
    yield hashed(spell(['table', table.name, { ...table.columns }]))
    for await (const lines of snapshot.rowsOf(table)) {
      count += lines.length
      yield hashed(`${lines.join('\n')}\n`)
    }
    rows[table.name] = count
  }
  const sha256 = hash.digest('hex')
  yield spell(['end', { rows, sha256, seal: vault.digest('backup', sha256) }])
}

function spell(line: ControlLine): string {
  return `${spellControlLine(line)}\n`
}

function migrationOf({ migratedToMs }: Snapshot): string {
  if (migratedToMs === undefined) {
    throw new BackupError('There is nothing to back up: this database has no tables of Guichet.')
  }
  const tag = tagOf(migratedToMs)
  if (tag !== undefined) return tag
  throw new BackupError('A newer release has migrated this database: back it up with that release.')
}

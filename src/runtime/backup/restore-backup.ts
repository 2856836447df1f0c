import { type ChainVerdict, verifyAuditChain } from '../../core/audit/verify-chain.ts'
import type { Vault } from '../../core/ports.ts'
import { opensAll, SecretMismatchError } from '../../core/tokens/signing-keys.ts'
import type { Database } from '../../store/database.ts'
import type { Migration } from '../../store/migrations.ts'
import { type InsertRows, type Restoration, restoreInto } from '../../store/restoration.ts'
import { BackupError } from './backup-error.ts'
import type { BackupHeader } from './backup-format.ts'
import { readBackup } from './read-backup.ts'

export interface RestoreSummary {
  readonly header: BackupHeader
  readonly rows: Readonly<Record<string, number>>
  /** The first thing that is wrong with the audit chain, which was so when it was backed up. */
  readonly auditProblem: ChainVerdict['problem']
}

export interface RestoreParts {
  readonly vault: Vault
  /** Of this release. */
  readonly migrations: readonly Migration[]
}

/** Reads a backup to its end and puts nothing anywhere: whoever does it first changes nothing for a bad one. @throws BackupError */
export async function inspectBackup(file: string, parts: RestoreParts): Promise<void> {
  for await (const _part of readBackup(file, parts));
}

/** Puts a backup into an empty database, all of it or nothing, and brings it to today's schema. @throws BackupError */
export async function restoreBackup(
  file: string,
  db: Database,
  parts: RestoreParts,
): Promise<RestoreSummary> {
  const summary = await restoreInto(db, (restoration) => fill(restoration, file, parts))
  if (summary !== 'in use') return summary
  throw new BackupError(
    'This database has tables of Guichet already: restore into an empty one. Nothing was changed.',
  )
}

async function fill(
  { migrate, clear, openTable, store }: Restoration,
  file: string,
  { vault, migrations }: RestoreParts,
): Promise<RestoreSummary> {
  let header: BackupHeader | undefined
  let insert: InsertRows | undefined
  let table = ''
  const rows: Record<string, number> = {}
  for await (const part of readBackup(file, { vault, migrations })) {
    if (part.kind === 'header') {
      header = part.header
      await migrate(migrations.slice(0, placeOf(header, migrations)))
      await clear()
    } else if (part.kind === 'table') {
      insert = await openTable(part)
      table = part.name
      rows[table] = 0
      if (insert === undefined) {
        throw new BackupError(`This release cannot keep the table ${table} as ${file} has it.`)
      }
    } else {
      await insert?.(part.lines)
      rows[table] = (rows[table] ?? 0) + part.lines.length
    }
  }
  if (header === undefined) throw new Error('A backup that was read to its end has a header.')
  await migrate(migrations.slice(placeOf(header, migrations)))
  // As a start does, so that the next one succeeds.
  await store.probe()
  if (!opensAll(vault, await store.listSigningKeys())) throw new SecretMismatchError()
  return { header, rows, auditProblem: await findAuditProblem({ store, vault }) }
}

/** How many migrations the rows of a backup are as after. */
function placeOf({ migration }: BackupHeader, migrations: readonly Migration[]): number {
  return migrations.findIndex(({ tag }) => tag === migration) + 1
}

async function findAuditProblem(
  world: Parameters<typeof verifyAuditChain>[0],
): Promise<ChainVerdict['problem']> {
  let verdict = await verifyAuditChain(world, undefined)
  while (verdict.problem === undefined && !verdict.complete) {
    verdict = await verifyAuditChain(world, verdict.checkedThrough)
  }
  return verdict.problem
}

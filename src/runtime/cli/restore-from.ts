import type { BackupHeader } from '../backup/backup-format.ts'
import { readMigrations } from '../backup/migrations.ts'
import { existingSecrets } from '../backup/open-source.ts'
import { fillTarget } from '../backup/open-target.ts'
import { inspectBackup, restoreBackup } from '../backup/restore-backup.ts'
import { readSettings } from '../environment.ts'
import type { BareDatabase } from '../postgres.ts'
import { createVault } from '../vault.ts'
import { checkApiKeys } from './checks/secret-checks.ts'

export interface Restored {
  readonly kind: BareDatabase['kind']
  readonly header: BackupHeader
  readonly rows: Readonly<Record<string, number>>
  /** What was restored as it was and may surprise. */
  readonly warnings: readonly string[]
}

/** Restores a backup into the empty database that the settings name. @throws BackupError, StartError */
export async function restoreFrom(file: string): Promise<Restored> {
  const settings = readSettings()
  const secrets = await existingSecrets(settings)
  const parts = { vault: createVault(secrets), migrations: readMigrations() }
  // To the end, before anything is touched.
  await inspectBackup(file, parts)
  return fillTarget(settings, async (db, kind) => {
    const { header, rows, auditProblem } = await restoreBackup(file, db, parts)
    const warnings: string[] = []
    if (auditProblem !== undefined) {
      warnings.push(
        `The audit chain was not whole when it was backed up (event ${auditProblem.seq}, ${auditProblem.what}); it was restored as it was.`,
      )
    }
    const keys = await checkApiKeys({ db }, secrets)
    if (keys.status !== 'ok') warnings.push(`API keys: ${keys.finding} ${keys.remedy ?? ''}`.trim())
    return { kind, header, rows, warnings }
  })
}

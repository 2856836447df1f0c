import { type BackupDraft, draftBackup } from '../backup/backup-draft.ts'
import { BackupError } from '../backup/backup-error.ts'
import { existingSecrets, openSource } from '../backup/open-source.ts'
import { type BackupSummary, writeBackup } from '../backup/write-backup.ts'
import { readSettings } from '../environment.ts'
import { createVault } from '../vault.ts'
import { CliError } from './cli-error.ts'

/** Backs up the installation that the settings name to a file, or to standard output; `bytes` is undefined then. */
export async function backUpTo(
  file: string,
): Promise<BackupSummary & { readonly bytes: number | undefined }> {
  if (file === '-' && process.stdout.isTTY) {
    throw new CliError('A backup is nothing to be read on a terminal: send it to a file or a pipe.', 'usage')
  }
  const settings = readSettings()
  const vault = createVault(await existingSecrets(settings))
  const draft = file === '-' ? onStandardOutput() : await draftBackup(file)
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop)
  try {
    const { lost, close, ...source } = await openSource(settings)
    try {
      const signal = AbortSignal.any([lost, stopped.signal])
      const summary = await writeBackup(source, { vault, now: new Date(), to: draft.to, signal })
      return { ...summary, bytes: await draft.keep() }
    } catch (error) {
      if (stopped.signal.aborted) throw new BackupError('Stopped; nothing was written.')
      if (lost.aborted) {
        throw new BackupError('The gateway stopped while it was backed up. Nothing was written: try again.')
      }
      throw error
    } finally {
      // All that was wanted of it has been read, or is lost.
      await close().catch(() => {})
    }
  } catch (error) {
    await draft.discard()
    throw error
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop)
  }
}

function onStandardOutput(): {
  readonly [K in keyof BackupDraft]: K extends 'keep' ? () => Promise<undefined> : BackupDraft[K]
} {
  return { to: process.stdout, keep: async () => undefined, discard: async () => {} }
}

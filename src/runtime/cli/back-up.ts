import { type BackupDraft, draftBackup } from '../backup/backup-draft.ts'
import { BackupError } from '../backup/backup-error.ts'
import { existingSecrets, openSource } from '../backup/open-source.ts'
import { type BackupSummary, writeBackup } from '../backup/write-backup.ts'
import { readSettings } from '../environment.ts'
import { createVault } from '../vault.ts'
import { CliError, exitCodes } from './cli-error.ts'
import { writeError } from './print.ts'

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
  // At once: a statement under way would be waited for.
  const stop = () => {
    writeError('Stopped; nothing was written.')
    void draft.discard().finally(() => process.exit(exitCodes.failed))
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop)
  try {
    const { lost, close, ...source } = await openSource(settings)
    try {
      const summary = await writeBackup(source, { vault, now: new Date(), to: draft.to, signal: lost })
      return { ...summary, bytes: await draft.keep() }
    } catch (error) {
      if (!lost.aborted) throw error
      throw new BackupError('The gateway stopped while it was backed up. Nothing was written: try again.')
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

type UnnamedDraft = Omit<BackupDraft, 'keep'> & { readonly keep: () => Promise<undefined> }

function onStandardOutput(): UnnamedDraft {
  // A reader who goes away ends the process there and then: not with success.
  process.exitCode = exitCodes.failed
  return {
    to: process.stdout,
    async keep() {
      process.exitCode = exitCodes.ok
      return undefined
    },
    discard: async () => {},
  }
}

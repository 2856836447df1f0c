import { existsSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { BackupError } from './backup-error.ts'

/** A file that has its name when it is whole, and not before. */
export interface BackupDraft {
  readonly to: Writable
  /** Gives it its name, and answers its size. @throws BackupError when the name was taken meanwhile */
  readonly keep: () => Promise<number>
  readonly discard: () => Promise<void>
}

/** Begins a file that only this user may read, on a disk that has it when it is kept. @throws BackupError */
export async function draftBackup(file: string): Promise<BackupDraft> {
  if (existsSync(file)) throw taken(file)
  const draft = `${file}.${process.pid}.part`
  const handle = await openDraft(file, draft)
  return {
    // A rename that reached the disk before the bytes would leave an empty file under the name.
    to: handle.createWriteStream({ flush: true }),
    async keep() {
      // Unlike a rename a link never replaces what is there; some file systems have none.
      await link(draft, file).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') throw taken(file)
        await rename(draft, file)
      })
      await rm(draft, { force: true })
      return (await stat(file)).size
    },
    async discard() {
      await handle.close().catch(() => {})
      await rm(draft, { force: true })
    },
  }
}

async function openDraft(file: string, draft: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new BackupError(`${file} cannot be written: ${code}.`)
  }
}

function taken(file: string): BackupError {
  return new BackupError(`${file} is there already, and no backup is written over anything.`)
}

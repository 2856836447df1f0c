import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

export interface FolderLock {
  readonly release: () => Promise<void>
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
const HELD_BY_ANOTHER = new Set<unknown>([5, 6])

/**
 * Takes a folder for this process alone: two that open one embedded database lose data without a word.
 * Freed by the end of the process, however it ends. @throws StartError when another process has it, or it has no locks
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = await realpath(folder)
  // Loaded here alone: whoever has a PostgreSQL needs none of it.
  const { DatabaseSync } = await import('node:sqlite')
  try {
    // Node itself cannot lock a file. SQLite does, by the system's record locks, which other containers on the same volume see
    // as well; a file without a table is all that it needs, and on a full disk it writes nothing.
    const file = new DatabaseSync(join(path, 'lock.db'))
    try {
      file.exec('pragma locking_mode = exclusive; begin exclusive')
    } catch (error) {
      file.close()
      throw error
    }
    return { release: async () => file.close() }
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
    throw new StartError(
      HELD_BY_ANOTHER.has(code)
        ? `Another Guichet process is using ${path}. Stop it first, or choose another DATA_DIR.`
        : `${path} cannot be locked (SQLite says ${String(code)}). Choose a DATA_DIR on a disk of this machine.`,
    )
  }
}

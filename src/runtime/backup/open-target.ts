import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Settings } from '../../settings/settings.ts'
import type { Database } from '../../store/database.ts'
import { databaseFolder, makeFolder } from '../data-folder.ts'
import { lockFolder } from '../folder-lock.ts'
import type { BareDatabase } from '../postgres.ts'
import { BackupError } from './backup-error.ts'
import { openFolder, openPatiently } from './open-source.ts'

/** Fills the database that the settings name, which must be an empty one: all of it or nothing. @throws BackupError, StartError */
export async function fillTarget<T>(
  { database, dataDir }: Settings,
  fill: (db: Database, kind: BareDatabase['kind']) => Promise<T>,
): Promise<T> {
  if (database === undefined) return fillEmbedded(dataDir, (db) => fill(db, 'embedded'))
  const { db, close } = openPatiently(database)
  try {
    return await fill(db, 'postgresql')
  } finally {
    await close()
  }
}

/** Beside its place until it is whole: a database that is there is never a part of one. */
async function fillEmbedded<T>(dataDir: string, fill: (db: Database) => Promise<T>): Promise<T> {
  await makeFolder(dataDir)
  const lock = await lockFolder(dataDir)
  const folder = databaseFolder(dataDir)
  const draft = `${folder}.restoring`
  try {
    if (existsSync(folder)) {
      throw new BackupError(
        `There is an embedded database in ${dataDir} already: choose another DATA_DIR. Nothing was changed.`,
      )
    }
    // Of a restore that was killed.
    await rm(draft, { recursive: true, force: true })
    const { db, close } = await openFolder(draft, async () => {})
    try {
      const filled = await fill(db)
      await close()
      await rename(draft, folder)
      return filled
    } catch (error) {
      await close().catch(() => {})
      throw error
    }
  } finally {
    await rm(draft, { recursive: true, force: true })
    await lock.release()
  }
}

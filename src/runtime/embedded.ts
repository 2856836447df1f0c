import { setImmediate } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { announcementChannel } from '../store/announcements.ts'
import * as schema from '../store/schema.ts'
import type { HotPath } from '../store/statement.ts'
import { storeError } from '../store/store-error.ts'
import { copyFolder } from './backup/copy-folder.ts'
import { databaseFolder, expectRoom, makeFolder } from './data-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { type Copying, migrationsFolder, type OpenDatabase } from './postgres.ts'
import { StartError } from './start-error.ts'
import { startWatchdog } from './watchdog.ts'

/**
 * PGlite runs within our own turn of the event loop, and reads no socket until it is done: a batch that did not wait for
 * the end of the turn would be of the one call that came first.
 */
const hotPath: HotPath = { prepare: true, gather: () => setImmediate() }

/** Opens the database in a folder that nobody else uses, or makes one there. */
export function openPglite(folder: string): Promise<PGlite> {
  return PGlite.create({
    dataDir: folder,
    // A third less memory; the data of a gateway on its embedded database is small.
    startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'],
  })
}

/** Opens the embedded database in `dataDir`, which is locked and migrated. @throws StartError */
export async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  await makeFolder(dataDir)
  await expectRoom(dataDir)
  const lock = await lockFolder(dataDir)
  try {
    const client = await openPglite(databaseFolder(dataDir))
    const db = drizzle(client, { schema })
    await migrate(db, { migrationsFolder })
    const watchdog = startWatchdog('the embedded database holds the process (is the disk full?); killed')
    return {
      db,
      kind: 'embedded',
      hotPath,
      pool: undefined,
      copying: copyingOf(client, dataDir),
      async listen(onAnnouncement) {
        const unlisten = await client.listen(announcementChannel, onAnnouncement)
        return { ask: async () => {}, close: () => unlisten() }
      },
      async close() {
        await client.close()
        await watchdog.stop()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw new StartError(
      `The embedded database in ${dataDir} could not be opened: ${storeError(error).message}`,
    )
  }
}

/**
 * Copies the files as they are between two statements: what has been committed is in the copy, and what has not is undone
 * when the copy is opened, as after a kill.
 */
function copyingOf(client: PGlite, dataDir: string): Copying {
  let heldUntilMs = 0
  return {
    heldUntilMs: () => heldUntilMs,
    async copyTo(folder) {
      // The copy is then opened with little to go through, and fewer files change until it is whole.
      await client.query('checkpoint')
      let heldMs = 0
      await copyFolder(databaseFolder(dataDir), folder, (work) =>
        client.runExclusive(async () => {
          const heldFromMs = performance.now()
          heldUntilMs = Number.POSITIVE_INFINITY
          try {
            await work()
          } finally {
            heldUntilMs = performance.now()
            heldMs = heldUntilMs - heldFromMs
          }
        }),
      )
      return heldMs
    },
  }
}

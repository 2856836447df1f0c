import { setImmediate } from 'node:timers/promises'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { announcementChannel } from '../store/announcements.ts'
import * as schema from '../store/schema.ts'
import type { HotPath } from '../store/statement.ts'
import { storeError } from '../store/store-error.ts'
import { databaseFolder, expectRoom, makeFolder } from './data-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { migrationsFolder, type OpenDatabase } from './postgres.ts'
import { StartError } from './start-error.ts'
import { startWatchdog } from './watchdog.ts'

/**
 * PGlite runs within our own turn of the event loop, and reads no socket until it is done: a batch that did not wait for
 * the end of the turn would be of the one call that came first.
 */
const hotPath: HotPath = { prepare: true, gather: () => setImmediate() }

/** Opens the embedded database in `dataDir`, which is locked and migrated. @throws StartError */
export async function openEmbedded(dataDir: string): Promise<OpenDatabase> {
  await makeFolder(dataDir)
  await expectRoom(dataDir)
  const lock = await lockFolder(dataDir)
  try {
    const client = await PGlite.create({
      dataDir: databaseFolder(dataDir),
      // A third less memory; the data of a gateway on its embedded database is small.
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=8MB'],
    })
    const db = drizzle(client, { schema })
    await migrate(db, { migrationsFolder })
    const watchdog = startWatchdog('the embedded database holds the process (is the disk full?); killed')
    return {
      db,
      kind: 'embedded',
      hotPath,
      pool: undefined,
      async listen(onAnnouncement) {
        const unlisten = await client.listen(announcementChannel, onAnnouncement)
        return { close: () => unlisten() }
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

import { existsSync } from 'node:fs'
import { drizzle } from 'drizzle-orm/pglite'
import type { Settings } from '../../settings/settings.ts'
import * as schema from '../../store/schema.ts'
import { storeError } from '../../store/store-error.ts'
import { databaseFolder } from '../data-folder.ts'
import { openPglite } from '../embedded.ts'
import { lockFolder } from '../folder-lock.ts'
import { type BareDatabase, openPostgres } from '../postgres.ts'
import { StartError } from '../start-error.ts'
import type { Check } from './checks/check.ts'

/**
 * Opens the database as it is, or says why that cannot be done, and what to do when a gateway is using it. Unlike a start
 * it makes and migrates nothing.
 */
export async function openUnmigrated(settings: Settings, whenInUse: string): Promise<BareDatabase | Check> {
  // What an idle connection dies of, the next statement tells.
  if (settings.database !== undefined) return openPostgres(settings.database, () => {})
  const { dataDir } = settings
  if (!existsSync(databaseFolder(dataDir))) {
    const finding = `There is no embedded database in ${dataDir} yet.`
    const remedy = 'Start the gateway or run `guichet migrate` to make it, or set DATABASE_URL.'
    return { check: 'database', status: 'warn', finding, remedy }
  }
  return openExisting(dataDir, whenInUse)
}

async function openExisting(dataDir: string, whenInUse: string): Promise<BareDatabase | Check> {
  const check = 'database'
  const lock = await lockFolder(dataDir).catch((error) => {
    if (error instanceof StartError) return undefined
    throw error
  })
  if (lock === undefined) {
    const finding = `Another process, most likely the gateway, is using ${dataDir}.`
    return { check, status: 'warn', finding, remedy: whenInUse }
  }
  try {
    const client = await openPglite(databaseFolder(dataDir))
    const close = async () => {
      await client.close()
      await lock.release()
    }
    return { db: drizzle(client, { schema }), kind: 'embedded', close }
  } catch (error) {
    await lock.release()
    const finding = `The embedded database in ${dataDir} could not be opened: ${storeError(error).message}`
    return { check, status: 'fail', finding, remedy: 'Put a backup of the folder back.' }
  }
}

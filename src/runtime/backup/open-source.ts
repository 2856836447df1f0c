import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { drizzle } from 'drizzle-orm/pglite'
import type { DatabaseSettings, Settings } from '../../settings/settings.ts'
import * as schema from '../../store/schema.ts'
import { storeError } from '../../store/store-error.ts'
import { copiesFolder, databaseFolder } from '../data-folder.ts'
import { openPglite } from '../embedded.ts'
import { lockFolder } from '../folder-lock.ts'
import { type BareDatabase, openPostgres } from '../postgres.ts'
import { readSecret, secretFile } from '../secret-file.ts'
import { askForCopy } from './ask-for-copy.ts'
import { BackupError } from './backup-error.ts'

/** Nobody waits for an answer at a socket; as long as migrations may take. */
const STATEMENT_MAX_MS = 120_000

/** A database to be backed up. */
export interface BackupSource extends BareDatabase {
  /** Aborts when it is taken away. */
  readonly lost: AbortSignal
}

/** The database that the settings name, or of a gateway that has it to itself a copy. @throws BackupError, StartError */
export async function openSource({ database, dataDir }: Settings): Promise<BackupSource> {
  if (database !== undefined) return { ...openPatiently(database), lost: never }
  if (!existsSync(databaseFolder(dataDir))) {
    throw new BackupError(`There is no embedded database in ${dataDir}: set DATA_DIR or DATABASE_URL.`)
  }
  // Before the lock, which whoever lends a copy holds.
  const lent = await askForCopy(dataDir)
  if (lent !== undefined) {
    const close = async () => lent.giveBack()
    return { ...(await openFolder(lent.folder, close)), lost: lent.lost }
  }
  const lock = await lockFolder(dataDir)
  // Of a gateway that was killed while it lent one.
  await rm(copiesFolder(dataDir), { recursive: true, force: true })
  return { ...(await openFolder(databaseFolder(dataDir), lock.release)), lost: never }
}

/** PostgreSQL past any pooler, with time for statements that calls would not be given. */
export function openPatiently(database: DatabaseSettings): BareDatabase {
  const url = database.directUrl ?? database.url
  const patience = { connectTimeoutMs: 10_000, queryTimeoutMs: STATEMENT_MAX_MS, poolMax: 1 }
  // What an idle connection dies of, the next statement tells.
  return openPostgres({ ...database, ...patience, url }, () => {})
}

/** An embedded database in a folder of its own; `release` is called when it is closed, or could not be opened. */
export async function openFolder(folder: string, release: () => Promise<void>): Promise<BareDatabase> {
  try {
    const client = await openPglite(folder)
    const close = async () => {
      try {
        await client.close()
      } finally {
        await release()
      }
    }
    return { db: drizzle(client, { schema }), kind: 'embedded', close }
  } catch (error) {
    await release()
    throw new BackupError(
      `The embedded database in ${folder} could not be opened: ${storeError(error).message}`,
    )
  }
}

/** The secrets that data of this installation is under: none is ever made here. @throws BackupError */
export async function existingSecrets({ secrets, dataDir }: Settings): Promise<readonly string[]> {
  if (secrets !== undefined) return secrets
  if (!existsSync(secretFile(dataDir))) {
    throw new BackupError(
      `The secret of the installation is needed: set GUICHET_SECRET to it, or put it into ${secretFile(dataDir)}.`,
    )
  }
  return [await readSecret(secretFile(dataDir))]
}

const never = new AbortController().signal

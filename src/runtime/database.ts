import type { Settings } from '../settings/settings.ts'
import { openEmbedded } from './embedded.ts'
import { migratePostgres, type OpenDatabase, openPostgres } from './postgres.ts'
import { embeddedSecret } from './secret-file.ts'

/** The secrets of this installation: the operator's, or the embedded mode's own. @throws StartError */
export async function findSecrets(settings: Settings): Promise<readonly string[]> {
  return settings.secrets ?? embeddedSecret(settings.dataDir)
}

/** Opens the database that the settings name, migrated. @throws StartError */
export async function openDatabase(
  settings: Settings,
  onIdleError: (error: unknown) => void,
): Promise<OpenDatabase> {
  if (settings.database === undefined) return openEmbedded(settings.dataDir)
  await migratePostgres(settings.database)
  return openPostgres(settings.database, onIdleError)
}

import { loadSigningKeys } from '../../core/tokens/keep-signing-keys.ts'
import { createStore } from '../../store/store.ts'
import { findSecrets, openDatabase } from '../database.ts'
import { readSettings } from '../environment.ts'
import { type FirstKeyNotice, handOverFirstKey } from '../first-key.ts'
import { createNodeWorld } from '../node-world.ts'
import type { OpenDatabase } from '../postgres.ts'

/** Does to the database all that a start does: migrations, signing key, first client. @throws StartError */
export async function prepareDatabase(interactive: boolean): Promise<{
  readonly kind: OpenDatabase['kind']
  readonly notice: FirstKeyNotice | undefined
}> {
  const settings = readSettings()
  const secrets = await findSecrets(settings)
  // An idle connection that is lost fails the next statement, which tells it.
  const database = await openDatabase(settings, () => {})
  try {
    const world = createNodeWorld(createStore(database.db, { prepare: false }), secrets)
    // The signing key ties the database to its secret: without one, a start under another secret
    // would succeed, and the first key would be good for nothing.
    await loadSigningKeys(world, settings.policy)
    const baseUrl = settings.policy.issuer + settings.basePath
    const notice = await handOverFirstKey(world, settings, { interactive, baseUrl })
    return { kind: database.kind, notice }
  } finally {
    await database.close()
  }
}

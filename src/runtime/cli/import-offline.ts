import {
  type ImportedUser,
  type ImportFault,
  type ImportPlan,
  importUsers,
} from '../../core/accounts/import-users.ts'
import type { Result } from '../../core/result.ts'
import { createStore } from '../../store/store.ts'
import { readSettings } from '../environment.ts'
import { createNodeWorld } from '../node-world.ts'
import { parsePasswordHash } from '../passwords/password-hash.ts'
import { generateSecret } from '../secret-file.ts'
import { CliError } from './cli-error.ts'
import { openUnmigrated } from './open-unmigrated.ts'

const WHEN_IN_USE = 'Stop it while you import, or use PostgreSQL.'
/** As much as a Worker's isolate can spare, so that a hash is good wherever its owner signs in. */
const HASH_LIMITS = { memoryMaxKib: 64 * 1024 }

/** Imports people into the database that the settings name. @throws CliError */
export async function importOffline(
  users: readonly ImportedUser[],
  { dryRun }: { readonly dryRun: boolean },
): Promise<Result<ImportPlan, readonly ImportFault[]>> {
  const database = await openUnmigrated(readSettings(), WHEN_IN_USE)
  if ('status' in database)
    throw new CliError(`${database.finding} ${database.remedy ?? ''}`.trim(), 'failed')
  try {
    const store = createStore(database.db, { prepare: false })
    await store.probe()
    // Nothing of it is sealed or digested: a secret of the moment will do.
    const world = createNodeWorld(store, [generateSecret()])
    return await importUsers(world, users, {
      dryRun,
      problemOf(hash) {
        const parsed = parsePasswordHash(hash, HASH_LIMITS)
        return parsed.ok ? undefined : parsed.failure
      },
    })
  } finally {
    await database.close()
  }
}

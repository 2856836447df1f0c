import { importUsers } from '../../core/accounts/import-users.ts'
import type { ImportedUser, ImportFault, ImportPlan } from '../../core/accounts/imported-user.ts'
import type { HashDescription } from '../../core/accounts/passwords.ts'
import type { Result } from '../../core/result.ts'
import type { Settings } from '../../settings/settings.ts'
import { createStore } from '../../store/store.ts'
import { findSecrets } from '../database.ts'
import { readSettings } from '../environment.ts'
import { createNodeWorld } from '../node-world.ts'
import { parsePasswordHash } from '../passwords/password-hash.ts'
import { generateSecret } from '../secret-file.ts'
import type { Check } from './checks/check.ts'
import { checkSigningKeys } from './checks/secret-checks.ts'
import { CliError } from './cli-error.ts'
import { openUnmigrated } from './open-unmigrated.ts'

const WHEN_IN_USE = 'Stop it while you import, or use PostgreSQL.'
/** As much as a Worker's isolate can spare, so that a hash is good wherever its owner signs in. */
const HASH_LIMITS = { memoryMaxKib: 64 * 1024 }
/** A statement has a thousand people, or looks for all of a file. */
const STATEMENT_MAX_MS = 60_000

/** Imports people into the database that the settings name. @throws CliError */
export async function importOffline(
  users: readonly ImportedUser[],
  wish: { readonly dryRun: boolean; readonly skipFaulty: boolean },
): Promise<Result<ImportPlan, readonly ImportFault[]>> {
  const settings = patient(readSettings())
  const database = await openUnmigrated(settings, WHEN_IN_USE)
  if ('status' in database) throw told(database)
  try {
    const store = createStore(database.db, { prepare: false })
    await store.probe()
    const seals = users.some(({ factors }) => factors.length > 0)
    // Without an authenticator nothing is sealed or digested: a secret of the moment will do.
    const world = createNodeWorld(store, seals ? await findSecrets(settings) : [generateSecret()])
    if (seals) {
      const check = await checkSigningKeys(world)
      // What is sealed under another secret than the gateway's keeps its owner out.
      if (check.status === 'fail') throw told(check)
    }
    return await importUsers(world, users, { ...wish, describe })
  } finally {
    await database.close()
  }
}

/** Nobody waits for an answer at a socket: a whole file of people may take its time. */
function patient(settings: Settings): Settings {
  const { database } = settings
  if (database === undefined) return settings
  const longer = { connectTimeoutMs: 10_000, queryTimeoutMs: STATEMENT_MAX_MS }
  return { ...settings, database: { ...database, ...longer } }
}

function describe(hash: string): HashDescription {
  const parsed = parsePasswordHash(hash, HASH_LIMITS)
  return parsed.ok ? { scheme: parsed.value.scheme } : { problem: parsed.failure }
}

function told({ finding, remedy = '' }: Check): CliError {
  return new CliError(`${finding} ${remedy}`.trim(), 'failed')
}

import { type Explanation, explain, type Question } from '../../core/explain/explain.ts'
import { createGuessGuard } from '../../core/limits/guess-guard.ts'
import type { Store } from '../../core/ports.ts'
import type { Settings } from '../../settings/settings.ts'
import { createStore } from '../../store/store.ts'
import { loadMemory } from '../memory.ts'
import { createNodeWorld } from '../node-world.ts'
import { generateSecret } from '../secret-file.ts'
import { withoutLimits } from '../without-limits.ts'
import { CliError } from './cli-error.ts'
import { openUnmigrated } from './open-unmigrated.ts'

const WHEN_IN_USE = 'Ask the gateway itself, by `guichet explain`.'

/**
 * Explains a call of a key that is named by its id, on the database as it is; nothing is written. The token of that
 * call is for nobody to see, so a secret and a signing key of the moment will do. @throws CliError
 */
export async function explainOffline(settings: Settings, question: Question): Promise<Explanation> {
  const database = await openUnmigrated(settings, WHEN_IN_USE)
  if ('status' in database) throw new CliError(`${database.finding} ${database.remedy}`, 'failed')
  try {
    const store = withoutSigningKeys(createStore(database.db, { prepare: false }))
    const world = createNodeWorld(settings.rateLimits ? store : withoutLimits(store), [generateSecret()])
    const { policy } = settings
    const memory = await loadMemory(world, policy, {
      directory: { maxEntries: 1, maxAgeMs: 0, looksOutliveCalls: false },
      guessGuard: createGuessGuard(),
    })
    return await explain({ world, policy, memory }, question)
  } finally {
    await database.close()
  }
}

/** The same store with an empty key ring, whose first key is made in memory and stays there. */
function withoutSigningKeys(store: Store): Store {
  return {
    ...store,
    listSigningKeys: async () => [],
    changeSigningKeys: async (decide) => decide([]).outcome,
    insertAuditEvents: async () => {},
  }
}

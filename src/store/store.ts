import { sql } from 'drizzle-orm'
import journal from '../../drizzle/meta/_journal.json' with { type: 'json' }
import type { Store } from '../core/ports.ts'
import { accountRecordStore } from './account-records.ts'
import { keyStore } from './api-keys.ts'
import { auditChainStore } from './audit-chain.ts'
import { createAuditEnd, type LinkEvents } from './audit-end.ts'
import { auditEventStore } from './audit-events.ts'
import { clientStore } from './clients.ts'
import type { Database } from './database.ts'
import { factorStore } from './factors.ts'
import { importedUserStore } from './imported-users.ts'
import { limitStore } from './limits.ts'
import { mailStore } from './mail-outbox.ts'
import { oneTimeTokenStore } from './one-time-tokens.ts'
import { ownAccountStore } from './own-accounts.ts'
import { ownedKeyStore } from './owned-keys.ts'
import { personSessionStore } from './person-sessions.ts'
import { pruneStore } from './prune.ts'
import { revocationStore } from './revocations.ts'
import { roleStore } from './roles.ts'
import { sessionStore } from './sessions.ts'
import { challengeStore } from './sign-in-challenges.ts'
import { signInStore } from './sign-ins.ts'
import { signingKeyStore } from './signing-keys.ts'
import type { HotPath } from './statement.ts'
import { SchemaOutdatedError, storeError } from './store-error.ts'
import { userChangeStore } from './user-changes.ts'
import { userStore } from './users.ts'

/**
 * The core's store on any PostgreSQL. Every fault leaves it as a StoreError or a StoreUnavailableError. With `link` audit
 * events are linked as they are inserted, where that can be.
 */
export function createStore(db: Database, hotPath: HotPath = { prepare: true }, link?: LinkEvents): Store {
  const end = createAuditEnd(link)
  return withOwnErrors({
    ...clientStore(db),
    ...keyStore(db, hotPath),
    ...limitStore(db),
    ...sessionStore(db, { hotPath, end }),
    ...revocationStore(db),
    ...pruneStore(db),
    ...signingKeyStore(db),
    ...auditEventStore(db, { hotPath, end }),
    ...auditChainStore(db, { hotPath, end }),
    ...accountRecordStore(db),
    ...roleStore(db),
    ...userStore(db),
    ...userChangeStore(db),
    ...importedUserStore(db),
    ...ownedKeyStore(db),
    ...personSessionStore(db),
    ...signInStore(db),
    ...oneTimeTokenStore(db),
    ...factorStore(db),
    ...challengeStore(db),
    ...ownAccountStore(db),
    ...mailStore(db),
    probe: () => probe(db),
  })
}

const newestMigration = Math.max(...journal.entries.map((entry) => entry.when))

async function probe(db: Database): Promise<void> {
  const [row] = await db
    .select({ newest: sql<string | null>`max(created_at)` })
    .from(sql`drizzle.__drizzle_migrations`)
  if (Number(row?.newest ?? 0) < newestMigration) {
    throw new SchemaOutdatedError('The database lacks migrations: run `guichet migrate`.')
  }
}

function withOwnErrors(store: Store): Store {
  const verbs = Object.entries(store) as [string, (...args: never[]) => Promise<unknown>][]
  const guarded = verbs.map(([name, verb]) => [
    name,
    async (...args: never[]) => {
      try {
        return await verb(...args)
      } catch (error) {
        throw storeError(error)
      }
    },
  ])
  // The same verbs under the same names, so the same type.
  return Object.fromEntries(guarded) as unknown as Store
}

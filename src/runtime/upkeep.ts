import type { Logger } from 'pino'
import { eraseAccounts } from '../core/accounts/erase-accounts.ts'
import { flushAuditTally } from '../core/audit/tally.ts'
import type { KeyUse } from '../core/keys/key-usage.ts'
import type { Policy } from '../core/policy.ts'
import type { World } from '../core/ports.ts'
import { prune, whereClocksAgree } from '../core/prune.ts'
import { keepSigningKeys, reloadSigningKeys } from '../core/tokens/keep-signing-keys.ts'
import { createAuditLinker, pruneAudit } from './audit-upkeep.ts'
import { type FeedState, startFeed } from './feed.ts'
import { describeFault } from './log.ts'
import type { ProcessMemory } from './memory.ts'
import type { OpenDatabase } from './postgres.ts'
import { type Chore, repeat } from './repeat.ts'
import { catchUp, hear } from './synchronize.ts'
import { createWriteBack } from './write-back.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000

export interface UpkeepParts {
  readonly world: World
  readonly policy: Policy
  readonly memory: ProcessMemory
  readonly database: OpenDatabase
  readonly auditRetentionDays: number
  readonly logger: Logger
}

export interface Upkeep {
  readonly feedState: () => FeedState
  readonly stop: () => Promise<void>
}

/** What a Node process does beside answering: listens to the feed, and looks after what time brings. */
export async function startUpkeep(parts: UpkeepParts): Promise<Upkeep> {
  const { world, memory, database, logger } = parts
  const feed = await startFeed({
    listen: database.listen,
    hear: (announcement) => hear(announcement, parts),
    catchUp: () => catchUp(world, memory),
    distrust: () => {
      memory.directory.doubt()
      memory.people.doubt()
    },
    logger,
  })
  const writeBack = createWriteBack(parts)
  const repeating = [...chores(parts), writeBack.chore].map((chore) => repeat(chore, logger))
  return {
    feedState: feed.state,
    async stop() {
      await Promise.all(repeating.map(({ stop }) => stop()))
      await feed.stop()
      await writeBack.finish()
      // What the last seconds brought.
      for (const { work, complaint } of flushes(parts, memory.usage.takeAll)) {
        await work().catch((fault) => logger.warn({ fault: describeFault(fault) }, complaint))
      }
    },
  }
}

function flushes({ world, memory }: UpkeepParts, takeUses: () => readonly KeyUse[]): readonly Chore[] {
  return [
    {
      everyMs: SECOND_MS,
      work: () => world.store.addKeyUses(takeUses()),
      complaint: 'the uses of some keys were not counted',
    },
    {
      everyMs: SECOND_MS,
      work: () => flushAuditTally(world, memory.audit),
      complaint: 'refusals could not be written to the audit log yet',
    },
  ]
}

function chores(parts: UpkeepParts): readonly Chore[] {
  const { world, policy, memory, auditRetentionDays, logger } = parts
  const linkAudit = createAuditLinker(logger)
  return [
    ...flushes(parts, memory.usage.take),
    {
      everyMs: SECOND_MS,
      work: () => linkAudit(world),
      complaint: 'the audit log could not be linked yet',
    },
    {
      everyMs: MINUTE_MS,
      work: () => whereClocksAgree(world, () => pruneAudit(world, auditRetentionDays)),
      complaint: 'the audit log could not be pruned yet',
    },
    {
      everyMs: MINUTE_MS,
      work: () => whereClocksAgree(world, () => prune(world)),
      complaint: 'old rows were not pruned; the next round will',
    },
    {
      everyMs: MINUTE_MS,
      work: () => whereClocksAgree(world, () => eraseAccounts(world)),
      complaint: 'deleted accounts could not be erased yet',
    },
    {
      // Far shorter than the time that a new key is published before it signs.
      everyMs: MINUTE_MS,
      work: async () => {
        await whereClocksAgree(world, () => keepSigningKeys(world, policy))
        await reloadSigningKeys(world, memory.signingKeys)
      },
      complaint: 'the signing keys could not be looked after',
    },
  ]
}

import pg from 'pg'
import pino, { type Logger } from 'pino'
import { flushAuditTally } from '../core/audit/tally.ts'
import { makeFirstKey } from '../core/keys/first-key.ts'
import { createGuessGuard } from '../core/limits/guess-guard.ts'
import type { World } from '../core/ports.ts'
import { prune } from '../core/prune.ts'
import { createService } from '../core/service.ts'
import { keepSigningKeys } from '../core/tokens/keep-signing-keys.ts'
import { facesOf } from '../dialects/all.ts'
import { createApp } from '../http/app.ts'
import type { GatewayLog } from '../http/gateway-env.ts'
import { parseSettings, type Settings } from '../settings.ts'
import { createStore } from '../store/store.ts'
import { StoreUnavailableError } from '../store/store-error.ts'
import { clientAddress } from './addresses.ts'
import { createAlarms } from './alarms.ts'
import { createAuditLinker, pruneAudit } from './audit-upkeep.ts'
import { describeFault, gatewayLog, redactedPaths } from './log.ts'
import { loadMemory, type ProcessMemory } from './memory.ts'
import { pooledDatabase } from './pooled-database.ts'
import { catchUp } from './synchronize.ts'
import { withoutLimits } from './without-limits.ts'
import { createWorld } from './world.ts'

interface WorkerEnv {
  readonly HYPERDRIVE: Hyperdrive
  readonly [name: string]: unknown
}

/** What one isolate keeps between its requests. Nothing in it decides; the database does. */
interface Isolate {
  readonly settings: Settings
  readonly logger: Logger
  readonly fetch: ReturnType<typeof createApp>['app']['fetch']
  memory: ProcessMemory | undefined
  signingKeysKeptAtMs: number
  readonly linkAudit: ReturnType<typeof createAuditLinker>
  auditLinkedAtMs: number
}

/** How often an isolate does what is due of the signing keys, should nothing else do it. */
const SIGNING_KEY_TICK_MS = 60_000

/** An isolate hears no feed: what it knows of revocations and of keys is never older than this. */
const POLL_MS = 5000

/** How often an isolate links the audit log, at most. */
const AUDIT_LINK_MS = 5000
const directoryLimits = { maxKeys: 5000, maxAgeMs: POLL_MS, looksOutliveCalls: false }

let isolate: Isolate | undefined

export default {
  async fetch(request, env, context) {
    isolate ??= createIsolate(env)
    if (isolate === undefined) return refuseUnconfigured(env)
    const { settings, logger } = isolate
    const { world, pool, alarms } = openWorld(env, isolate)
    const log = gatewayLog(logger)
    try {
      const memory = await currentMemory(isolate, world)
      const service = createService({ world, policy: settings.policy, memory })
      const peer = request.headers.get('cf-connecting-ip') ?? undefined
      const addressOf = (forwardedFor: string | undefined) =>
        clientAddress(peer, forwardedFor, settings.trustedProxies)
      return await isolate.fetch(request, { service, log, addressOf, draining: false })
    } catch (error) {
      const requestId = world.newId()
      log.fault(error, requestId)
      return unavailable(requestId)
    } finally {
      context.waitUntil(writeDown(isolate, world, log).finally(() => pool.end()))
      context.waitUntil(alarms.settled())
    }
  },

  /** The cron trigger of wrangler.toml: what is due of signing keys and audit log, whether or not anybody calls. */
  async scheduled(_controller, env, context) {
    isolate ??= createIsolate(env)
    if (isolate === undefined) return
    const { world, pool, alarms } = openWorld(env, isolate)
    try {
      await keepSigningKeys(world, isolate.settings.policy)
      await isolate.linkAudit(world)
      await pruneAudit(world, isolate.settings.auditRetentionDays)
      await prune(world)
    } finally {
      context.waitUntil(pool.end())
      context.waitUntil(alarms.settled())
    }
  },
} satisfies ExportedHandler<WorkerEnv>

/** What a call leaves to be written: after its answer, which waits for none of it, and before the connection goes. */
async function writeDown(of: Isolate, world: World, log: GatewayLog): Promise<void> {
  const { memory } = of
  if (memory !== undefined) {
    await world.store.addKeyUses(memory.usage.take()).catch((fault) => log.fault(fault, 'usage'))
    await flushAuditTally(world, memory.audit).catch((fault) => log.fault(fault, 'audit'))
  }
  await linkAuditChain(of, world).catch((fault) => log.fault(fault, 'audit'))
}

/** Links what the last calls left: so that the chain is not as far behind as the cron trigger comes seldom. */
async function linkAuditChain(of: Isolate, world: World): Promise<void> {
  const nowMs = world.now().getTime()
  if (nowMs - of.auditLinkedAtMs < AUDIT_LINK_MS) return
  of.auditLinkedAtMs = nowMs
  await of.linkAudit(world)
}

function openWorld(env: WorkerEnv, { settings, logger }: Isolate) {
  // A pool of one that connects at its first query: a call that needs no database opens no connection.
  const pool = new pg.Pool({
    connectionString: env.HYPERDRIVE.connectionString,
    max: 1,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  })
  pool.on('error', (error) => logger.warn({ fault: describeFault(error) }, 'a database connection was lost'))
  const alarms = createAlarms(logger, settings.leakWebhook)
  // A connection of one request prepares nothing for the next.
  const store = createStore(pooledDatabase(pool), { prepare: false })
  const world = createWorld(
    settings.rateLimits ? store : withoutLimits(store),
    settings.secrets ?? [],
    alarms,
  )
  return { world, pool, alarms }
}

function createIsolate(env: WorkerEnv): Isolate | undefined {
  const settings = workerSettings(env)
  if (!settings.ok) return undefined
  const { basePath, faces, corsOrigins, logLevel } = settings.value
  const logger = workerLogger(logLevel)
  return {
    settings: settings.value,
    logger,
    linkAudit: createAuditLinker(logger),
    fetch: createApp({ mounts: facesOf(faces), basePath, corsOrigins }).app.fetch,
    memory: undefined,
    signingKeysKeptAtMs: 0,
    auditLinkedAtMs: 0,
  }
}

/** Bindings that are texts are settings; the database's address is Hyperdrive's. */
function workerSettings(env: WorkerEnv) {
  const texts = Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return parseSettings({ ...Object.fromEntries(texts), DATABASE_URL: 'postgres://hyperdrive' })
}

/** What the isolate remembers, caught up with the store when it is older than it may be. */
async function currentMemory(of: Isolate, world: World): Promise<ProcessMemory> {
  const { policy, bootstrapApiKey } = of.settings
  const nowMs = world.now().getTime()
  if (of.memory === undefined) {
    const guessGuard = createGuessGuard()
    const memory = await loadMemory(world, policy, { directory: directoryLimits, guessGuard })
    // Without a wished key nobody would see it: `guichet migrate` makes and shows the first one instead.
    if (bootstrapApiKey !== undefined) await makeFirstKey({ world, policy }, { wished: bootstrapApiKey })
    of.signingKeysKeptAtMs = nowMs
    of.memory = memory
    return memory
  }
  const { memory } = of
  try {
    if (nowMs - of.signingKeysKeptAtMs > SIGNING_KEY_TICK_MS) {
      of.signingKeysKeptAtMs = nowMs
      await keepSigningKeys(world, policy)
    }
    if (nowMs - memory.revocations.syncedAt().getTime() > POLL_MS) await catchUp(world, memory)
  } catch (error) {
    // With the database gone what we have serves on, until the policy says that it is too old.
    if (!(error instanceof StoreUnavailableError)) throw error
  }
  return memory
}

function workerLogger(level: string): Logger {
  return pino({
    level,
    redact: [...redactedPaths],
    browser: { asObject: true, serialize: true, write: (line) => console.log(JSON.stringify(line)) },
  })
}

function refuseUnconfigured(env: WorkerEnv): Response {
  const settings = workerSettings(env)
  const problems = settings.ok ? [] : settings.failure
  workerLogger('error').error({ problems }, 'these settings cannot be used')
  return unavailable(crypto.randomUUID())
}

function unavailable(requestId: string): Response {
  return Response.json(
    {
      error: {
        code: 'service_unavailable',
        message: 'The gateway cannot serve this call right now. Try again shortly.',
      },
      meta: { timestamp: new Date().toISOString(), request_id: requestId },
    },
    { status: 503, headers: { 'Retry-After': '5', 'X-Request-Id': requestId, 'Cache-Control': 'no-store' } },
  )
}

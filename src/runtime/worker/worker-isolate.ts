import pg from 'pg'
import pino, { type Logger } from 'pino'
import { makeFirstKey } from '../../core/keys/first-key.ts'
import { createGuessGuard } from '../../core/limits/guess-guard.ts'
import type { World } from '../../core/ports.ts'
import { fail, ok, type Result } from '../../core/result.ts'
import { keepSigningKeys } from '../../core/tokens/keep-signing-keys.ts'
import { facesOf } from '../../dialects/all.ts'
import { type BehindTheCounter, createGateway } from '../../gateway/gateway.ts'
import { createApp } from '../../http/app.ts'
import { parseSettings, type Settings } from '../../settings/settings.ts'
import { createStore } from '../../store/store.ts'
import { StoreUnavailableError } from '../../store/store-error.ts'
import { createAlarms } from '../alarms.ts'
import { createAuditLinker } from '../audit-upkeep.ts'
import { createCaptcha } from '../captcha.ts'
import { describeFault, redactedPaths } from '../log.ts'
import type { Senders } from '../mail/send-mail.ts'
import { loadMemory, type ProcessMemory } from '../memory.ts'
import { workerPasswords } from '../passwords/worker-passwords.ts'
import { pooledDatabase } from '../pooled-database.ts'
import { parseRulesSource } from '../rules-source.ts'
import { catchUp } from '../synchronize.ts'
import { withoutLimits } from '../without-limits.ts'
import { createWorld } from '../world.ts'

/** One for the isolate: its pace holds for all requests together. */
const passwords = workerPasswords()

export interface WorkerEnv {
  readonly HYPERDRIVE: Hyperdrive
  readonly [name: string]: unknown
}

/** What one isolate keeps between its requests. Nothing in it decides; the database does. */
export interface Isolate {
  readonly settings: Settings
  readonly logger: Logger
  readonly behind: BehindTheCounter
  readonly fetch: ReturnType<typeof createApp>['app']['fetch']
  memory: ProcessMemory | undefined
  signingKeysKeptAtMs: number
  readonly linkAudit: ReturnType<typeof createAuditLinker>
  auditLinkedAtMs: number
  /** How mails leave; made for the first. */
  senders: Promise<Senders | undefined> | undefined
}

/** How often an isolate does what is due of the signing keys, should nothing else do it. */
const SIGNING_KEY_TICK_MS = 60_000

/** An isolate hears no feed: what it knows of revocations and of keys is never older than this. */
export const pollMs = 5000

const directoryLimits = { maxEntries: 5000, maxAgeMs: pollMs, looksOutliveCalls: false }

/** Makes an isolate from its bindings, or says a line each why it cannot. */
export function createIsolate(env: WorkerEnv): Result<Isolate, readonly string[]> {
  const settings = workerSettings(env)
  if (!settings.ok) return fail(settings.failure.map(({ name, problem }) => `${name} ${problem}`))
  const { basePath, faces, corsOrigins, logLevel, rules: source, mail, policy } = settings.value
  if (source?.kind === 'file') return fail(['ROUTES_FILE is for Node: put its text into ROUTES'])
  // It may be gone before it could write down what it opened.
  if (policy.degradedExchangeSeconds > 0)
    return fail(['DEGRADED_EXCHANGE_SECONDS is for Node: the memory of an isolate does not last'])
  if (mail.templates !== undefined) return fail(['MAIL_TEMPLATES is for Node: a Worker has no folder'])
  const rules = source === undefined ? ok(undefined) : parseRulesSource(source)
  if (!rules.ok) return rules
  const logger = workerLogger(logLevel)
  const behind = createGateway(rules.value, { basePath })
  return ok({
    settings: settings.value,
    logger,
    behind,
    linkAudit: createAuditLinker(logger),
    fetch: createApp({ mounts: facesOf(faces), basePath, corsOrigins, behind }).app.fetch,
    memory: undefined,
    signingKeysKeptAtMs: 0,
    auditLinkedAtMs: 0,
    senders: undefined,
  })
}

/** The world of one request: its connection ends with it. */
export function openWorld(env: WorkerEnv, { settings, logger }: Isolate) {
  // A pool of one that connects at its first query: a call that needs no database opens no connection.
  const pool = new pg.Pool({
    connectionString: env.HYPERDRIVE.connectionString,
    max: 1,
    connectionTimeoutMillis: 2000,
    query_timeout: 2000,
  })
  pool.on('error', (error) => logger.warn({ fault: describeFault(error) }, 'a database connection was lost'))
  const alarms = createAlarms(logger, settings.leakWebhook)
  const mail = { queued: false }
  // A connection of one request prepares nothing for the next.
  const store = createStore(pooledDatabase(pool), { prepare: false })
  const world = createWorld(settings.rateLimits ? store : withoutLimits(store), settings.secrets ?? [], {
    ...alarms,
    passwords,
    captcha: createCaptcha(logger, settings.captcha),
    mailQueued: () => {
      mail.queued = true
    },
  })
  return { world, pool, alarms, mail }
}

/** Bindings that are texts are settings; the database's address is Hyperdrive's. */
function workerSettings(env: WorkerEnv) {
  const texts = Object.entries(env).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  )
  return parseSettings({ ...Object.fromEntries(texts), DATABASE_URL: 'postgres://hyperdrive' })
}

/** What the isolate remembers, caught up with the store when it is older than `maxAgeMs`. */
export async function currentMemory(of: Isolate, world: World, maxAgeMs = pollMs): Promise<ProcessMemory> {
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
    if (Math.abs(nowMs - memory.revocations.syncedAt().getTime()) > maxAgeMs) await catchUp(world, memory)
  } catch (error) {
    // With the database gone what we have serves on, until the policy says that it is too old.
    if (!(error instanceof StoreUnavailableError)) throw error
  }
  return memory
}

export function workerLogger(level: string): Logger {
  return pino({
    level,
    redact: [...redactedPaths],
    browser: { asObject: true, serialize: true, write: (line) => console.log(JSON.stringify(line)) },
  })
}

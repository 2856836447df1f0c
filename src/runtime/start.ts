import type { Logger } from 'pino'
import { createGuessGuard } from '../core/limits/guess-guard.ts'
import { createService } from '../core/service.ts'
import { SecretMismatchError } from '../core/tokens/signing-keys.ts'
import { facesOf } from '../dialects/all.ts'
import { createApp } from '../http/app.ts'
import type { GatewayBindings } from '../http/gateway-env.ts'
import type { Settings } from '../settings.ts'
import { createStore } from '../store/store.ts'
import { clientAddress } from './addresses.ts'
import { createAlarms } from './alarms.ts'
import { findSecrets, openDatabase } from './database.ts'
import { handOverFirstKey } from './first-key.ts'
import { type HttpServer, listen } from './http-server.ts'
import { describeFault, gatewayLog } from './log.ts'
import { loadMemory } from './memory.ts'
import { nodeSignatures } from './node-signatures.ts'
import { StartError } from './start-error.ts'
import { startUpkeep, type Upkeep } from './upkeep.ts'
import { withDeadline } from './with-deadline.ts'
import { withoutLimits } from './without-limits.ts'
import { createWorld } from './world.ts'

/** PGlite answers in milliseconds; what takes this long will never come. */
const EMBEDDED_DEADLINE_MS = 2500

/** Corrected by the feed; the age is the safety net. */
const directoryLimits = { maxKeys: 50_000, maxAgeMs: 60_000, looksOutliveCalls: true }

export interface RunningGateway {
  readonly url: string
  /** Drains and closes; resolves when nothing is left open. */
  readonly stop: () => Promise<void>
}

export interface StartOptions {
  readonly settings: Settings
  readonly logger: Logger
  /** Shows what only a person at a terminal may see; undefined when there is none. */
  readonly showOnce: ((text: string) => void) | undefined
  /** Called when the database can no longer be used and the process must go. */
  readonly onFatal: () => void
}

/** Starts the gateway on Node: database, keys, first client, HTTP. @throws StartError */
export async function startGateway({
  settings,
  logger,
  showOnce,
  onFatal,
}: StartOptions): Promise<RunningGateway> {
  const secrets = await findSecrets(settings)
  const database = await openDatabase(settings, (error) =>
    logger.warn({ fault: describeFault(error) }, 'an idle database connection was lost'),
  )
  let upkeep: Upkeep | undefined
  try {
    const plainStore = createStore(database.db)
    const store =
      database.kind === 'postgresql'
        ? plainStore
        : withDeadline(plainStore, EMBEDDED_DEADLINE_MS, (verb) => {
            logger.fatal({ verb }, 'the embedded database no longer answers (is the disk full?); stopping')
            onFatal()
          })
    const alarms = createAlarms(logger, settings.leakWebhook)
    const world = createWorld(settings.rateLimits ? store : withoutLimits(store), secrets, {
      ...alarms,
      signatures: nodeSignatures,
    })
    const { policy } = settings
    const memory = await loadMemory(world, policy, {
      directory: directoryLimits,
      guessGuard: createGuessGuard(),
    })
    const service = createService({ world, policy, memory })
    if (!settings.rateLimits)
      logger.warn('RATE_LIMITS=off: no rate, no quota and no guess is limited; for load tests only')
    const { app, table } = createApp({
      mounts: facesOf(settings.faces),
      basePath: settings.basePath,
      corsOrigins: settings.corsOrigins,
    })

    const state = { draining: false }
    const log = gatewayLog(logger)
    const serve = (request: Request, peer: string | undefined) => {
      const addressOf = (forwardedFor: string | undefined) =>
        clientAddress(peer, forwardedFor, settings.trustedProxies)
      const bindings: GatewayBindings = { service, log, addressOf, draining: state.draining }
      return app.fetch(request, bindings)
    }
    upkeep = await startUpkeep({
      world,
      policy,
      memory,
      database,
      logger,
      auditRetentionDays: settings.auditRetentionDays,
    })
    const http = await listenOrExplain(serve, settings)
    const url = `http://${hostInUrl(settings.host)}:${http.address.port}`
    const notice = await handOverFirstKey(world, settings, {
      interactive: showOnce !== undefined,
      baseUrl: url + settings.basePath,
    })
    if (notice !== undefined) logger.info(notice.message)
    logger.info(
      {
        listening: url,
        docs: `${url}${settings.basePath}/docs`,
        database: database.kind,
        publicRoutes: table.publicCount,
      },
      'ready',
    )
    if (notice?.screen !== undefined) showOnce?.(notice.screen)
    return {
      url,
      async stop() {
        state.draining = true
        await http.drain(settings.shutdownGraceSeconds * 1000)
        await upkeep?.stop()
        await alarms.settled()
        await database.close()
      },
    }
  } catch (error) {
    await upkeep?.stop()
    await database.close()
    throw error instanceof SecretMismatchError ? new StartError(error.message) : error
  }
}

async function listenOrExplain(
  fetch: Parameters<typeof listen>[0],
  { port, host }: Settings,
): Promise<HttpServer> {
  try {
    return await listen(fetch, { port, host })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    const hint = code === 'EADDRINUSE' ? 'something else is listening there; choose another PORT' : code
    throw new StartError(`Cannot listen on ${host}:${port}: ${hint}.`)
  }
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

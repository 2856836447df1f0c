import { setTimeout } from 'node:timers/promises'
import type { Logger } from 'pino'
import { extendChain } from '../core/audit/chain.ts'
import { createGuessGuard } from '../core/limits/guess-guard.ts'
import { createService, type Service } from '../core/service.ts'
import { SecretMismatchError } from '../core/tokens/signing-keys.ts'
import { facesOf } from '../dialects/all.ts'
import { type BehindTheCounter, createGateway } from '../gateway/gateway.ts'
import type { GatewayRules } from '../gateway/rules.ts'
import { createApp } from '../http/app.ts'
import type { Settings } from '../settings/settings.ts'
import type { LinkEvents } from '../store/audit-end.ts'
import { createStore } from '../store/store.ts'
import { createAlarms } from './alarms.ts'
import { type CopyServer, serveCopies } from './backup/serve-copies.ts'
import { createCaptcha } from './captcha.ts'
import { findSecrets, openDatabase } from './database.ts'
import { handOverFirstKey } from './first-key.ts'
import { hostInUrl } from './host-in-url.ts'
import { type HttpServer, listen } from './http-server.ts'
import { describeFault, gatewayLog } from './log.ts'
import { readTemplates } from './mail/read-templates.ts'
import { findSenders, type RunningMail, startMail } from './mail/start-mail.ts'
import { loadMemory } from './memory.ts'
import { createTallies, noTallies } from './metrics/metrics.ts'
import type { MetricsServer } from './metrics/start-metrics.ts'
import { watchedBy } from './metrics/watched-by.ts'
import { NodeCall } from './node-call.ts'
import { nodeSignatures } from './node-signatures.ts'
import type { NodeExchange } from './node-wire.ts'
import { createNodeWorld } from './node-world.ts'
import { repeat } from './repeat.ts'
import { readRules } from './rules-source.ts'
import { watchRules } from './rules-watch.ts'
import { StartError } from './start-error.ts'
import { type RunningTraces, startTraces } from './traces/start-traces.ts'
import { startUpkeep, type Upkeep } from './upkeep.ts'
import { createUpstreamPools } from './upstream/upstream-pools.ts'
import { createVault } from './vault.ts'
import { warnOfChoices } from './warn-of-choices.ts'
import { withDeadline } from './with-deadline.ts'
import { withoutLimits } from './without-limits.ts'

/** PGlite answers in milliseconds; what takes this long will never come. */
const EMBEDDED_DEADLINE_MS = 2500

/** Corrected by the feed; the age is the safety net. */
const directoryLimits = { maxEntries: 50_000, maxAgeMs: 60_000, looksOutliveCalls: true }

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
  const rules = await readRulesOrExplain(settings)
  const senders = await findSenders(settings, {
    own: await readTemplates(settings.mail.templates),
    logger,
  })
  const database = await openDatabase(settings, (error) =>
    logger.warn({ fault: describeFault(error) }, 'an idle database connection was lost'),
  )
  let upkeep: Upkeep | undefined
  let mail: RunningMail | undefined
  let copies: CopyServer | undefined
  let watched: MetricsServer | undefined
  let traces: RunningTraces | undefined
  const tallies = settings.metrics === undefined ? noTallies : createTallies()
  try {
    const { preparesStatements: prepare } = settings
    const plainStore = createStore(database.db, { ...database.hotPath, prepare }, linkUnder(secrets))
    const { copying } = database
    const store =
      copying === undefined
        ? plainStore
        : withDeadline(plainStore, {
            deadlineMs: EMBEDDED_DEADLINE_MS,
            heldUntilMs: copying.heldUntilMs,
            onLost(verb) {
              logger.fatal({ verb }, 'the embedded database no longer answers (is the disk full?); stopping')
              onFatal()
            },
          })
    const alarms = createAlarms(logger, settings.leakWebhook)
    const world = createNodeWorld(settings.rateLimits ? store : withoutLimits(store), secrets, {
      ...alarms,
      mailQueued: () => mail?.wake(),
      captcha: createCaptcha(logger, settings.captcha),
      signatures: nodeSignatures,
    })
    const { policy } = settings
    const memory = await loadMemory(world, policy, {
      directory: directoryLimits,
      guessGuard: createGuessGuard(),
    })
    const service = tallies.countingService(createService({ world, policy, memory }))
    warnOfChoices(settings, { rules, logger })
    const behind = createGateway(rules, settings)
    const { app, table } = createApp({
      mounts: facesOf(settings.faces),
      basePath: settings.basePath,
      corsOrigins: settings.corsOrigins,
      behind,
    })

    const state = { draining: false }
    const pools = createUpstreamPools()
    const log = tallies.countingLog(gatewayLog(logger))
    const { trustedProxies } = settings
    traces = await startTraces(settings.tracing)
    const around = { service, log, traces, pools, trustedProxies, isDraining: () => state.draining }
    const serve = (request: Request, exchange: NodeExchange) =>
      app.fetch(request, new NodeCall(around, exchange))
    upkeep = await startUpkeep({
      world,
      policy,
      memory,
      database,
      logger,
      auditRetentionDays: settings.auditRetentionDays,
    })
    mail = senders && startMail({ world, senders, logger })
    copies = copying && (await serveCopies({ dataDir: settings.dataDir, copying, logger }))
    watched = await watchedBy(tallies, { settings, service, memory, behind, store, database, upkeep })
    const http = await listenOrExplain(serve, settings)
    const keeper = keepStreams(behind, { service, logger })
    const unwatch =
      settings.rules?.kind === 'file'
        ? watchRules(settings.rules, { present: rules, logger, replace: behind.replaceRules })
        : () => {}
    const url = `http://${hostInUrl(settings.host)}:${http.address.port}`
    const notice = await handOverFirstKey(world, settings, {
      interactive: showOnce !== undefined,
      baseUrl: url + settings.basePath,
    })
    if (notice !== undefined) logger.info(notice.message)
    logger.info(
      {
        listening: url,
        metrics: watched?.url,
        docs: `${url}${settings.basePath}/docs`,
        database: database.kind,
        publicRoutes: table.publicCount,
        routes: rules?.length,
        publicRules: rules?.filter(({ isPublic }) => isPublic).length,
      },
      'ready',
    )
    if (notice?.screen !== undefined) showOnce?.(notice.screen)
    return {
      url,
      async stop() {
        state.draining = true
        http.letGo()
        if (settings.shutdownDelaySeconds > 0) await setTimeout(settings.shutdownDelaySeconds * 1000)
        unwatch()
        behind.streams.shutDown()
        await http.drain(settings.shutdownGraceSeconds * 1000)
        await keeper.stop()
        await pools.close()
        await mail?.stop()
        await upkeep?.stop()
        await alarms.settled()
        await traces?.stop()
        await watched?.close()
        await copies?.close()
        await database.close()
      },
    }
  } catch (error) {
    await copies?.close()
    await watched?.close()
    await traces?.stop()
    await mail?.stop()
    await upkeep?.stop()
    await database.close()
    throw error instanceof SecretMismatchError ? new StartError(error.message) : error
  }
}

async function readRulesOrExplain({ rules: source }: Settings): Promise<GatewayRules | undefined> {
  if (source === undefined) return undefined
  const rules = await readRules(source)
  if (rules.ok) return rules.value
  const lines = rules.failure.map((line) => `  ${line}`)
  throw new StartError(`These routes cannot be used:\n${lines.join('\n')}\nSee docs/gateway.md.`)
}

/** No stream outlives its credential by more than this and a moment. */
const STREAMS_EVERY_MS = 1000

function keepStreams(
  { streams }: BehindTheCounter,
  { service, logger }: { readonly service: Service; readonly logger: Logger },
) {
  const work = () => streams.sweep(service)
  return repeat({ everyMs: STREAMS_EVERY_MS, work, complaint: 'open streams could not be looked at' }, logger)
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

/** Links audit events under the secrets of this process. */
function linkUnder(secrets: readonly string[]): LinkEvents {
  const vault = createVault(secrets)
  return (chain, events) => extendChain(vault, chain, events)
}

import { eraseAccounts } from '../core/accounts/erase-accounts.ts'
import { flushAuditTally } from '../core/audit/tally.ts'
import type { World } from '../core/ports.ts'
import { prune, whereClocksAgree } from '../core/prune.ts'
import { createService } from '../core/service.ts'
import { keepSigningKeys } from '../core/tokens/keep-signing-keys.ts'
import type { GatewayLog } from '../http/gateway-env.ts'
import { clientAddress } from './addresses.ts'
import { pruneAudit } from './audit-upkeep.ts'
import { gatewayLog } from './log.ts'
import {
  createIsolate,
  currentMemory,
  type Isolate,
  openWorld,
  type WorkerEnv,
  workerLogger,
} from './worker/worker-isolate.ts'
import { deliverMails } from './worker/worker-mail.ts'
import { workerWire } from './worker/worker-wire.ts'

/** How often an isolate links the audit log, at most. */
const AUDIT_LINK_MS = 5000

/** How old what is known of revocations may be where a stream is held to its credential. */
const STREAM_POLL_MS = 3000

let isolate: Isolate | undefined

export default {
  async fetch(request, env, context) {
    const current = currentIsolate(env)
    if (current === undefined) return unavailable(crypto.randomUUID())
    const { settings, logger } = current
    const { world, pool, alarms, mail } = openWorld(env, current)
    const log = gatewayLog(logger)
    try {
      const memory = await currentMemory(current, world)
      const service = createService({ world, policy: settings.policy, memory })
      const peer = request.headers.get('cf-connecting-ip') ?? undefined
      const { trustedProxies } = settings
      const addressOf = (forwardedFor: string | undefined) =>
        clientAddress(peer, forwardedFor, trustedProxies)
      const keepStreamsHonest = () => keepHonest(env, current)
      const wire = () => workerWire(request, { peer, trustedProxies, bindings: env, keepStreamsHonest })
      const header = (name: string) => request.headers.get(name) ?? undefined
      return await current.fetch(request, { service, log, addressOf, header, wire, draining: false })
    } catch (error) {
      const requestId = world.newId()
      log.fault(error, requestId)
      return unavailable(requestId)
    } finally {
      context.waitUntil(
        writeDown(current, world, log)
          .then(() => (mail.queued ? deliverMails(current, world) : undefined))
          .finally(() => pool.end()),
      )
      context.waitUntil(alarms.settled())
    }
  },

  /** The cron trigger of wrangler.toml: what is due of signing keys, audit log and accounts, whether or not anybody calls. */
  async scheduled(_controller, env, context) {
    const current = currentIsolate(env)
    if (current === undefined) return
    const { world, pool, alarms } = openWorld(env, current)
    try {
      await keepSigningKeys(world, current.settings.policy)
      await current.linkAudit(world)
      await deliverMails(current, world)
      await whereClocksAgree(world, async () => {
        await pruneAudit(world, current.settings.auditRetentionDays)
        await prune(world)
        await eraseAccounts(world)
      })
    } finally {
      context.waitUntil(pool.end())
      context.waitUntil(alarms.settled())
    }
  },
} satisfies ExportedHandler<WorkerEnv>

/** The one of this isolate; undefined, and told in the log, when its settings cannot be used. */
function currentIsolate(env: WorkerEnv): Isolate | undefined {
  if (isolate !== undefined) return isolate
  const made = createIsolate(env)
  if (made.ok) isolate = made.value
  else workerLogger('error').error({ problems: made.failure }, 'these settings cannot be used')
  return isolate
}

/** Looks, on behalf of a stream that is open, whose credentials still stand; with a connection of its own. */
async function keepHonest(env: WorkerEnv, of: Isolate): Promise<void> {
  const { world, pool } = openWorld(env, of)
  try {
    const memory = await currentMemory(of, world, STREAM_POLL_MS)
    await of.behind.streams.sweep(createService({ world, policy: of.settings.policy, memory }))
  } catch (fault) {
    gatewayLog(of.logger).fault(fault, 'streams')
  } finally {
    await pool.end()
  }
}

/** What a call leaves to be written: after its answer, which waits for none of it, and before the connection goes. */
async function writeDown(of: Isolate, world: World, log: GatewayLog): Promise<void> {
  const { memory } = of
  if (memory !== undefined) {
    await world.store.addKeyUses(memory.usage.takeAll()).catch((fault) => log.fault(fault, 'usage'))
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

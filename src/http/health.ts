import type { Hono } from 'hono'
import type { GatewayContext, GatewayEnv } from './gateway-env.ts'
import { admitCaller, requirePermission } from './guard.ts'
import type { Refuse } from './mount.ts'

/** Three polls of the safety net: an instance that knows no newer revocations should get no new calls. */
const FEED_MAX_AGE_SECONDS = 15

/** Who may know what is wrong with the installation may know why calls are refused: `explain` asks for it too. */
const MAY_KNOW = 'audit:read'

type Unready = 'draining' | 'database_unavailable' | 'migrations_missing'

/** `/health/live`: the process runs. `/health/ready`: it can serve everything, the database and the revocation feed included. */
export function addHealth(app: Hono<GatewayEnv>, refuse: Refuse): void {
  const unready = async (c: GatewayContext, detail: Unready, retryAfterSeconds: number) =>
    refuse(c, { reason: 'service_unavailable', retryAfterSeconds, detail, isTold: await mayKnow(c) })

  app.get('/health/live', (c) => c.json({ status: 'live' }))

  app.get('/health/ready', async (c) => {
    if (c.env.draining) return unready(c, 'draining', 5)
    try {
      await c.env.service.probe()
    } catch (error) {
      c.env.log.fault(error, c.get('requestId'))
      return unready(c, lacksMigrations(error) ? 'migrations_missing' : 'database_unavailable', 2)
    }
    const staleSeconds = c.env.service.revocationsAgeSeconds()
    if (staleSeconds > FEED_MAX_AGE_SECONDS) return refuse(c, { reason: 'revocations_stale', staleSeconds })
    return c.json({ status: 'ready' })
  })
}

/** Whoever shows no token, or one that cannot be judged now, is a stranger. */
async function mayKnow(c: GatewayContext): Promise<boolean> {
  if (c.env.header('authorization') === undefined) return false
  try {
    const admitted = await admitCaller(c)
    return admitted.ok && requirePermission(c, MAY_KNOW).ok
  } catch {
    return false
  }
}

function lacksMigrations(error: unknown): boolean {
  return error instanceof Error && 'lacksMigrations' in error
}

import type { Hono } from 'hono'
import type { GatewayEnv } from './gateway-env.ts'
import type { Refuse } from './mount.ts'

/** Three polls of the safety net: an instance that knows no newer revocations should get no new calls. */
const FEED_MAX_AGE_SECONDS = 15

/** `/health/live`: the process runs. `/health/ready`: it can serve everything, the database and the revocation feed included. */
export function addHealth(app: Hono<GatewayEnv>, refuse: Refuse): void {
  app.get('/health/live', (c) => c.json({ status: 'live' }))

  app.get('/health/ready', async (c) => {
    if (c.env.draining) return refuse(c, { reason: 'service_unavailable', retryAfterSeconds: 5 })
    try {
      await c.env.service.probe()
    } catch (error) {
      c.env.log.fault(error, c.get('requestId'))
      return refuse(c, { reason: 'service_unavailable', retryAfterSeconds: 2 })
    }
    const staleSeconds = c.env.service.revocationsAgeSeconds()
    if (staleSeconds > FEED_MAX_AGE_SECONDS) return refuse(c, { reason: 'revocations_stale', staleSeconds })
    return c.json({ status: 'ready' })
  })
}

import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { GatewayEnv } from './gateway-env.ts'
import { tell } from './reply.ts'

/** What pages may send to routes of ours, and read of their answers. */
const ownFields = {
  allowHeaders: ['Authorization', 'Content-Type', 'X-API-Key', 'X-Request-Id', 'Idempotency-Key'],
  exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
}

/** What the operator's own APIs take and answer is theirs to know: whatever is asked for, and all of it. */
const anyFields = { allowHeaders: [], exposeHeaders: ['*'] }

/** Lets pages of the operator's listed origins read answers. Exact matches only, and never with credentials. */
export function crossOrigin(
  origins: readonly string[],
  isBehind: (path: string) => boolean,
): MiddlewareHandler<GatewayEnv> {
  const policy = {
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  }
  const own = cors({ ...policy, ...ownFields })
  const behind = cors({ ...policy, ...anyFields })
  return (c, next) => {
    c.set('variesByOrigin', true)
    // An OPTIONS that is no preflight of a listed origin is a request like any other, and the guard's to answer.
    const origin = c.env.header('origin')
    const preflight = c.env.header('access-control-request-method') !== undefined
    const listed = origin !== undefined && origins.includes(origin)
    if (c.req.method !== 'OPTIONS' || (preflight && listed)) {
      return isBehind(c.req.path) ? behind(c, next) : own(c, next)
    }
    tell(c, { Vary: 'Origin' })
    return next()
  }
}

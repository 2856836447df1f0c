import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { GatewayEnv } from './gateway-env.ts'
import { reply, tell } from './reply.ts'

/** What pages may send to routes of ours, and read of their answers. */
const ownFields = {
  allowHeaders: ['Authorization', 'Content-Type', 'X-API-Key', 'X-Request-Id', 'Idempotency-Key'],
  exposeHeaders: [
    'X-Request-Id',
    'Retry-After',
    'RateLimit',
    'RateLimit-Policy',
    'WWW-Authenticate',
    'Guichet-Degraded',
  ],
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

/**
 * Lets pages of any origin send and read. Safe where a call is admitted by what its page itself puts into a header: no
 * answer allows credentials, and so no browser adds any.
 */
export function anyOrigin(exposeHeaders: readonly string[]): MiddlewareHandler<GatewayEnv> {
  const open = { 'Access-Control-Allow-Origin': '*' }
  return async (c, next) => {
    const method = c.env.header('access-control-request-method')
    if (c.req.method === 'OPTIONS' && c.env.header('origin') !== undefined && method !== undefined) {
      return reply(c, null, {
        status: 204,
        headers: {
          ...open,
          'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
          // Applications send fields of their own making through the clients of such a face.
          'Access-Control-Allow-Headers': c.env.header('access-control-request-headers') ?? '*',
          'Access-Control-Max-Age': '600',
          Vary: 'Access-Control-Request-Headers',
        },
      })
    }
    tell(c, { ...open, 'Access-Control-Expose-Headers': ['X-Request-Id', ...exposeHeaders].join(', ') })
    await next()
  }
}

/** The same, but for some paths. */
export function except(
  isExempt: (path: string) => boolean,
  middleware: MiddlewareHandler<GatewayEnv>,
): MiddlewareHandler<GatewayEnv> {
  return (c, next) => (isExempt(c.req.path) ? next() : middleware(c, next))
}

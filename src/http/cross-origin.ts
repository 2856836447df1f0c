import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import type { GatewayEnv } from './gateway-env.ts'
import { tell } from './reply.ts'

/** Lets pages of the operator's listed origins read answers. Exact matches only, and never with credentials. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler<GatewayEnv> {
  const answer = cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type', 'X-API-Key', 'X-Request-Id', 'Idempotency-Key'],
    exposeHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
    maxAge: 600,
  })
  return (c, next) => {
    c.set('variesByOrigin', true)
    // An OPTIONS that is no preflight of a listed origin is a request like any other, and the guard's to answer.
    const origin = c.req.header('origin')
    const preflight = c.req.header('access-control-request-method') !== undefined
    const listed = origin !== undefined && origins.includes(origin)
    if (c.req.method !== 'OPTIONS' || (preflight && listed)) return answer(c, next)
    tell(c, { Vary: 'Origin' })
    return next()
  }
}

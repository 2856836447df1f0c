import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { holdsCredential } from '../core/keys/clean-text.ts'
import type { GatewayEnv, RequestLine } from './gateway-env.ts'
import { completeAnswer } from './reply.ts'
import { parseTraceContext } from './trace-context.ts'

/** What every answer says: a literal of its own for each call, which is quicker than to spread one. */
const standingHeaders = (requestId: string) => ({
  'X-Request-Id': requestId,
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
})

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

/** Gives every request its id, every answer its standing headers, and the log its one line. */
export function observe(): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const startedAt = performance.now()
    const wished = c.env.header('x-request-id')
    const requestId =
      wished !== undefined && REQUEST_ID.test(wished) && !holdsCredential(wished)
        ? wished
        : c.env.service.newRequestId()
    c.set('requestId', requestId)
    c.set('headers', standingHeaders(requestId))
    const span = c.env.traces?.begin(
      parseTraceContext(c.env.header('traceparent'), c.env.header('tracestate')),
    )
    if (span !== undefined) c.set('trace', span.context)
    await next()
    completeAnswer(c)
    const key = c.get('key')
    const refused = c.get('refused')
    const route = routePath(c, -1)
    const line: RequestLine = {
      method: c.req.method,
      route: route === '' || route === '/*' || route === '*' ? '(none)' : route,
      status: c.get('sentStatus') ?? c.res.status,
      durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
      requestId,
      clientId: key?.clientId,
      keyId: key?.id,
      userId: c.get('userId'),
      rule: c.get('rule'),
      upstream: c.get('upstream'),
      shadowed: c.get('shadowed'),
      degraded: c.get('degraded'),
      reason: refused?.reason,
      cause: refused?.cause,
    }
    c.env.log.request(line)
    span?.end(line)
  }
}

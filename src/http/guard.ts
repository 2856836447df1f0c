import type { MiddlewareHandler, Next } from 'hono'
import { after, type Eventually } from '../core/eventually.ts'
import { ok, type Result } from '../core/result.ts'
import type { AdmitOptions } from '../core/tokens/admit-call.ts'
import type { Principal } from '../core/tokens/verify.ts'
import { actorOf, callerOf, notePrincipal } from './caller.ts'
import { readBearerToken } from './credentials.ts'
import type { GatewayContext, GatewayEnv } from './gateway-env.ts'
import type { Refuse } from './mount.ts'
import type { Refusal } from './refusal.ts'
import { tell } from './reply.ts'
import type { RouteTable } from './route-table.ts'

/**
 * The verification middleware: deny by default. What is not in the list of public routes needs a valid access token,
 * whether or not there is such a route, so that a stranger learns no map.
 */
export function guard(table: RouteTable, refuse: Refuse): MiddlewareHandler<GatewayEnv> {
  return (c, next) => {
    // The router's own path: what is judged here is what is routed below.
    const { method, path } = c.req
    return table.isPublic(method, path) ? next() : guarded(c, next)
  }

  async function guarded(c: GatewayContext, next: Next): Promise<Response | undefined> {
    const { method, path } = c.req
    const publicMethods = table.publicMethodsOf(path)
    if (publicMethods.length > 0 && !table.methodsOf(path).includes(method)) {
      return refuse(c, { reason: 'method_not_allowed', allow: publicMethods })
    }
    const isEnrolment = () => table.find(method, path)?.isEnrolment === true
    const principal = await admitCaller(c, { isEnrolment })
    if (!principal.ok) return refuse(c, principal.failure)
    await next()
    return undefined
  }
}

/** Admits the caller by the access token of the call; for public routes that take a token too. */
export function admitCaller(c: GatewayContext, how?: AdmitOptions): Eventually<Result<Principal, Refusal>> {
  const token = readBearerToken(c)
  if (!token.ok) return token
  return after(c.env.service.admit(token.value, callerOf(c), how), (admitted) => {
    if (!admitted.ok) return admitted
    notePrincipal(c, admitted.value)
    tell(c, { Vary: 'Authorization' })
    return ok(admitted.value.principal)
  })
}

/** Refuses a caller whose token does not carry a permission. */
export function requirePermission(c: GatewayContext, needed: string): Result<Principal, Refusal> {
  return c.env.service.authorize(actorOf(c), needed)
}

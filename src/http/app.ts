import { OpenAPIHono } from '@hono/zod-openapi'
import { addApiDescription } from './api-description.ts'
import type { Behind } from './behind.ts'
import { anyOrigin, crossOrigin, except } from './cross-origin.ts'
import { FixedPathRouter } from './fixed-path-router.ts'
import type { GatewayContext, GatewayEnv } from './gateway-env.ts'
import { guard, requirePermission } from './guard.ts'
import { addHealth } from './health.ts'
import type { Endpoint, Mount, Refuse } from './mount.ts'
import { observe } from './observe.ts'
import { addPagesOf } from './page.ts'
import { causeOf, type Refusal } from './refusal.ts'
import { type RouteRow, type RouteTable, routeTable } from './route-table.ts'
import { addWellKnown, addWellKnownOf } from './well-known.ts'

export interface AppOptions {
  /** The faces. The first spells the errors of paths that belong to none. */
  readonly mounts: readonly [Mount, ...Mount[]]
  /** The operator's prefix before every face, as `/gateway`; empty for none. */
  readonly basePath: string
  /** The origins whose pages may read answers; exact, and none by default. */
  readonly corsOrigins: readonly string[]
  /** The operator's own APIs; undefined where nothing stands behind. */
  readonly behind: Behind | undefined
}

export interface Gateway {
  readonly app: OpenAPIHono<GatewayEnv>
  readonly table: RouteTable
}

/** The faults that may be over at a retry: no database, and more passwords than can be hashed in time. */
const passing: ReadonlySet<string> = new Set(['StoreUnavailableError', 'PasswordsBusyError'])

/** Builds the gateway: observe, then cross-origin, then the guard, then the routes; every error in its face's spelling. */
export function createApp(options: AppOptions): Gateway {
  const { mounts, basePath, behind } = options
  const app = new OpenAPIHono<GatewayEnv>({ strict: false, router: new FixedPathRouter() })
  const refuse = (c: GatewayContext, refusal: Refusal) => {
    c.set('refused', { reason: refusal.reason, cause: causeOf(refusal) })
    return faceOf(c).refuse(c, refusal)
  }
  const faceOf = (c: GatewayContext) =>
    mounts.find((mount) => c.req.path.startsWith(`${basePath}${mount.basePath}/`)) ?? mounts[0]

  const fault = (c: GatewayContext, error: unknown) => {
    c.env.log.fault(error, c.get('requestId'))
    const away = error instanceof Error && passing.has(error.name)
    return refuse(
      c,
      away ? { reason: 'service_unavailable', retryAfterSeconds: 2 } : { reason: 'internal_fault' },
    )
  }
  app.onError((error, c) => fault(c, error))

  const questions = behind?.questions ?? []
  const opened = mounts.flatMap((mount) =>
    mount.anyOriginReads === undefined ? [] : [`${basePath}${mount.basePath}/`],
  )
  app.use(observe())
  const isOpen = (path: string) => opened.some((prefix) => path.startsWith(prefix))
  if (options.corsOrigins.length > 0) {
    app.use(
      except(
        isOpen,
        crossOrigin(options.corsOrigins, (path) => isBehind(path)),
      ),
    )
  }
  for (const { basePath: at, anyOriginReads } of mounts) {
    if (anyOriginReads !== undefined) app.use(`${basePath}${at}/*`, anyOrigin(anyOriginReads))
  }
  // Late, because the table is complete only when all routes below are added.
  app.use((c, next) => {
    c.set('house', house)
    const question = questions.find(({ path }) => isAsked(c, basePath + path))
    if (question !== undefined) return question.handle(c, { refuse, fault })
    const proxy = isBehind(c.req.path) ? behind?.proxy : undefined
    return proxy === undefined ? guarding(c, next) : proxy(c, { refuse, fault })
  })

  const asked = new Map<string, Endpoint>()
  addHealth(app, refuse)
  addWellKnown(app)
  for (const mount of mounts) {
    addWellKnownOf(app, mount, basePath)
    addPagesOf(app, mount, basePath)
    for (const endpoint of mount.endpoints) {
      const pattern = patternOf(`${basePath}${mount.basePath}${endpoint.path}`)
      asked.set(`${endpoint.method.toUpperCase()} ${pattern}`, endpoint)
      addEndpoint(app, pattern, { endpoint, refuse })
    }
  }
  addApiDescription(app, { basePath, mounts })
  for (const { path, handle } of questions) app.all(basePath + path, (c) => handle(c, { refuse, fault }))

  const rows = app.routes
    .filter((route) => route.method !== 'ALL')
    .map(({ method, path }) => ({ method, pattern: path, ...asksOf(asked.get(`${method} ${path}`)) }))
    .concat(questions.map(({ path }) => ({ method: 'ALL', pattern: basePath + path, ...asksOf(undefined) })))
  const table = routeTable(rows, { basePath, faces: mounts.map((mount) => mount.basePath) })
  const house = { routes: table, behind }
  const isBehind = (path: string) => behind?.proxy !== undefined && !table.owns(path)
  const guarding = guard(table, refuse)
  app.notFound((c) => {
    const allow = table.methodsOf(c.req.path)
    return refuse(c, allow.length > 0 ? { reason: 'method_not_allowed', allow } : { reason: 'route_unknown' })
  })
  return { app, table }
}

/**
 * Chosen by the path as it was sent, where the rest of it is the call's own: tidied, `/authz/ext-authz/../../docs` would
 * be a page of ours, and its 200 would let the call pass.
 */
function isAsked(c: GatewayContext, pattern: string): boolean {
  return pattern.endsWith('/*') && c.env.wire().target.startsWith(pattern.slice(0, -1))
}

function addEndpoint(
  app: OpenAPIHono<GatewayEnv>,
  pattern: string,
  { endpoint, refuse }: { readonly endpoint: Endpoint; readonly refuse: Refuse },
): void {
  app.on(endpoint.method.toUpperCase(), pattern, (c) => {
    if (endpoint.permission !== undefined) {
      const allowed = requirePermission(c, endpoint.permission)
      if (!allowed.ok) return refuse(c, allowed.failure)
    }
    return endpoint.handle(c)
  })
}

/** What a route asks of a token; nothing where it is none of a face's endpoints. */
function asksOf(endpoint: Endpoint | undefined): Pick<RouteRow, 'permission' | 'isEnrolment'> {
  return { permission: endpoint?.permission, isEnrolment: endpoint?.isEnrolment ?? false }
}

/** OpenAPI's `{id}` is the router's `:id`, and its trailing slash is optional everywhere. */
function patternOf(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1').replace(/\/$/, '')
}

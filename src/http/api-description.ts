import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import { type DocsPage, docsPage } from './docs-page.ts'
import type { GatewayEnv } from './gateway-env.ts'
import type { Endpoint, Mount } from './mount.ts'
import { publicRoutes } from './public-routes.ts'

const DESCRIPTION =
  'Exchange an API key for a one-hour access token and a one-week refresh token, then send `Authorization: Bearer <access>` with every call. Every path answers with and without its trailing slash.'

/** `/openapi.json`, made from the schemas that the routes themselves parse with, and `/docs`, a page to read it on. */
export function addApiDescription(
  app: OpenAPIHono<GatewayEnv>,
  { basePath, mounts }: { readonly basePath: string; readonly mounts: readonly Mount[] },
): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'accessToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  })
  app.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
  })
  for (const mount of mounts) {
    for (const endpoint of mount.endpoints) {
      app.openAPIRegistry.registerPath(routeConfig(mount, endpoint, basePath))
    }
  }
  let document: ReturnType<typeof app.getOpenAPI31Document> | undefined
  const describe = (issuer: string) => {
    document ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Guichet', version: '1', description: DESCRIPTION },
      servers: [{ url: issuer }],
    })
    return document
  }

  // Each is written out once: each time would hold everybody else up for ten milliseconds, and anybody may ask.
  const openapiPath = `${basePath}/openapi.json`
  let json: Uint8Array<ArrayBuffer> | undefined
  app.get(openapiPath, (c) => {
    c.header('Cache-Control', 'no-cache')
    c.header('Content-Type', 'application/json')
    json ??= new Uint8Array(new TextEncoder().encode(JSON.stringify(describe(c.env.service.policy.issuer))))
    return c.body(json)
  })
  let page: DocsPage | undefined
  app.get(`${basePath}/docs`, async (c) => {
    c.header('Cache-Control', 'no-cache')
    c.header('Content-Type', 'text/html; charset=UTF-8')
    // With an absolute link: under `/docs/` a relative one would lead elsewhere.
    page ??= await docsPage(describe(c.env.service.policy.issuer), openapiPath)
    c.header('Content-Security-Policy', page.contentSecurityPolicy)
    return c.body(page.bytes)
  })
}

function routeConfig(mount: Mount, endpoint: Endpoint, basePath: string): RouteConfig {
  const path = mount.basePath + endpoint.path
  const isPublic = publicRoutes.includes(
    `${endpoint.method.toUpperCase()} ${path.replace(/\/$/, '').replace(/\{(\w+)\}/g, ':$1')}`,
  )
  return {
    ...endpoint.description,
    method: endpoint.method,
    path: basePath + path,
    security: isPublic ? [] : [{ accessToken: [] }],
  }
}

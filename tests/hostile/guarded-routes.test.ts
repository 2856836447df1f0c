import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicRoutes } from '../../src/http/public-routes.ts'
import { aSecretKey } from '../support/service-keys.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await createTestGateway()
  token = await gateway.accessToken()
})

afterAll(() => gateway.close())

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'PROPFIND']

/** Every path that the router knows, its parameters filled in, in each of both slash forms. */
function knownPaths(): readonly string[] {
  const patterns = gateway.app.routes.filter(({ method }) => method !== 'ALL').map(({ path }) => path)
  const paths = [...new Set(patterns)].map((path) => path.replace(/:\w+/g, 'a-value').replace(/\/$/, ''))
  return paths.flatMap((path) => [path, `${path}/`])
}

const publicPaths = publicRoutes.map((row) => row.replace(/:\w+/g, 'a-value'))

const isPublic = (method: string, path: string) =>
  publicPaths.includes(`${method === 'HEAD' ? 'GET' : method} ${path.replace(/\/$/, '')}`)

const hasPublicMethod = (path: string) => methods.some((method) => isPublic(method, path))

/** What is missing, in the words of the face. */
function missingTokenAt(path: string): string {
  if (path.startsWith('/auth/v1/')) return 'no_authorization'
  return path.startsWith('/auth/') ? 'Not authenticated' : 'missing_token'
}

describe('the router, walked from end to end without a token', () => {
  it('has routes to walk, and more closed ones than open', () => {
    const paths = knownPaths()
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((path) => !hasPublicMethod(path)).length).toBeGreaterThan(6)
  })

  it('answers 401 on every path and method that is not in the list of public routes', async () => {
    const answers: string[] = []
    for (const path of knownPaths().filter((it) => !hasPublicMethod(it))) {
      for (const method of methods) {
        const { status, headers, body } = await gateway.call(method, path)
        if (status !== 401 || headers.get('www-authenticate') !== 'Bearer realm="guichet"') {
          answers.push(`${method} ${path} ${status}`)
        }
        if (method === 'HEAD') continue
        expect([path, body.error?.code ?? body.error_code ?? body.detail]).toEqual([
          path,
          missingTokenAt(path),
        ])
      }
    }
    expect(answers).toEqual([])
  })

  it('answers 405 with Allow on the other methods of a public path, and never its handler', async () => {
    for (const path of knownPaths().filter(hasPublicMethod)) {
      const allowed = methods.filter((method) => isPublic(method, path))
      for (const method of methods.filter((it) => !allowed.includes(it))) {
        const { status, headers } = await gateway.call(method, path)
        expect([method, path, status, headers.get('allow')]).toEqual([method, path, 405, allowed.join(', ')])
      }
    }
  })

  it('reaches every route of the public list on both slash forms, and the list names none that is gone', async () => {
    const questions = publicRoutes.filter((row) => row.startsWith('ALL '))
    for (const row of questions) {
      for (const method of methods) {
        // Whoever is no proxy of the operator's has nothing to ask, with a token or without.
        const { status } = await gateway.call(method, row.slice(4).replace('*', 'x'), { token })
        expect([row, method, status]).toEqual([row, method, 403])
      }
    }
    const { text: secretKey } = await aSecretKey(gateway)
    for (const row of publicRoutes.filter((row) => !questions.includes(row))) {
      const [method, path] = row.split(' ') as [string, string]
      for (const form of [path, `${path}/`]) {
        if (isForPrograms(path)) {
          // The guard would take this key for no token.
          const { status, body } = await gateway.call(method, form, {
            token: secretKey,
            json: jsonFor(method),
          })
          expect([row, status, body.error_code === 'bad_jwt']).toEqual([row, expect.any(Number), false])
          expect([200, 400, 404]).toContain(status)
          continue
        }
        const { status, body } = await gateway.call(method, form, method === 'POST' ? { json: {} } : {})
        // A form of people is a 422 when it is empty; a link without its token is a 400.
        const reached = method === 'POST' ? [400, 422] : form.startsWith('/auth/v1/') ? [200, 400] : [200]
        // Or it says itself that there is no such thing.
        const isOff = status === 404 && String(body?.error_code).endsWith('_disabled')
        expect([row, isOff || reached.includes(status)]).toEqual([row, true])
      }
    }
    expect(gateway.table.publicCount).toBe(publicRoutes.length)
  })
})

const isForPrograms = (path: string) => /^\/auth\/v1\/(?:admin\/|invite$)/.test(path)
const jsonFor = (method: string) => (method === 'GET' ? undefined : {})

describe('a path that is no route', () => {
  it.each([
    '/',
    '/nope',
    '/api',
    '/api/v1',
    '/api/v1/',
    '/api/v1/nope',
    '/api/v2/auth/token/',
    '/API/V1/AUTH/TOKEN/',
    '/api/v1/auth/Token',
    '//api/v1/auth/token/',
    '/api//v1/auth/token/',
    '/api/v1/auth/token//',
    '/api/v1/auth/token/refresh//',
    '/health/live//',
    '/api/v1/auth/token;a=b',
    '/api/v1/auth/token/.json',
    '/api/v1/auth/token%00',
    '/api/v1/auth/token%20',
    '/api/v1/auth/token%0a',
    '/api/v1/auth%2Ftoken/',
    '/api%2fv1%2fauth%2ftoken',
    '/api/v1/auth/token%2f',
    '/api/v1/auth/token%252f',
    '/api/v1/auth/token%3F',
    '/health%2flive',
    '/health/live/..;/..;/api/v1/me',
    '/health/live%2f..%2f..%2fapi%2fv1%2fme',
    '/.well-known/',
    '/.well-known/jwks.json.bak',
    '/.git/config',
    '/.env',
    '/docs/../.env',
    '/__proto__',
    '/constructor',
    '/api/v1/%',
    '/api/v1/%zz',
    '/api/v1/%c0%ae%c0%ae/',
    '/api/v1/%ed%a0%80',
    '/*',
    '/api/v1/:id',
    `/${'a/'.repeat(3000)}`,
  ])('answers 401 to a stranger and 404 to a caller: %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const stranger = await gateway.call(method, path)
      expect([method, stranger.status, stranger.body.error.code]).toEqual([method, 401, 'missing_token'])
      const caller = await gateway.call(method, path, { token })
      expect([method, caller.status, caller.body.error.code]).toEqual([method, 404, 'not_found'])
    }
  })

  it('is what another spelling of a public path resolves to, or that path itself: never a third', async () => {
    const dots = ['/health/./live', '/nope/../health/live', '/health/%6cive', '/health/%2e/live']
    for (const path of dots) expect([path, (await gateway.call('GET', path)).status]).toEqual([path, 200])
    const out = ['/health/live/../../api/v1/me', '/docs/%2e%2e/api/v1/me', '/health/live/..%2f..%2fapi/v1/me']
    for (const path of out) expect([path, (await gateway.call('GET', path)).status]).toEqual([path, 401])
  })
})

describe('a gateway that was moved under a prefix', () => {
  it('opens the faces there and nowhere else', async () => {
    const moved = await createTestGateway({ app: { basePath: '/gw' } })
    try {
      const statuses = async (method: string, paths: readonly string[]) =>
        Promise.all(paths.map(async (path) => (await moved.call(method, path)).status))
      expect(await statuses('POST', ['/gw/api/v1/auth/token', '/gw/api/v1/auth/token/refresh/'])).toEqual([
        400, 400,
      ])
      expect(await statuses('GET', ['/gw/docs', '/gw/openapi.json/', '/health/live'])).toEqual([
        200, 200, 200,
      ])
      expect(await statuses('POST', ['/api/v1/auth/token/', '/gw/gw/api/v1/auth/token'])).toEqual([401, 401])
      expect(await statuses('GET', ['/docs', '/openapi.json', '/gw/health/live', '/gw', '/gwdocs'])).toEqual([
        401, 401, 401, 401, 401,
      ])
    } finally {
      await moved.close()
    }
  })
})

describe('a closed path, asked with a token', () => {
  it.each([
    ['PUT', '/api/v1/me', 'GET, HEAD, PATCH, DELETE'],
    ['POST', '/api/v1/me/', 'GET, HEAD, PATCH, DELETE'],
    ['OPTIONS', '/api/v1/me', 'GET, HEAD, PATCH, DELETE'],
    ['PATCH', '/api/v1/clients', 'GET, HEAD, POST'],
    ['PUT', '/api/v1/keys/abcdefghijkl', 'GET, HEAD, PATCH, DELETE'],
    ['PUT', '/api/v1/clients/a-value/keys/', 'POST, GET, HEAD'],
  ])('refuses %s %s with what it allows', async (method, path, allow) => {
    const { status, headers, body } = await gateway.call(method, path, { token })
    expect([status, body.error.code]).toEqual([405, 'method_not_allowed'])
    expect(headers.get('allow')?.split(', ').toSorted()).toEqual(allow.split(', ').toSorted())
  })

  it('names the permission that is missing, and does not say whether the thing exists', async () => {
    const poor = await gateway.accessToken(gateway.adminKey, { permissions: ['orders:read'] })
    for (const path of ['/api/v1/keys/abcdefghijkl', `/api/v1/keys/${gateway.adminKey.slice(3, 15)}`]) {
      const { status, headers, body } = await gateway.call('DELETE', path, { token: poor })
      expect([status, body.error.code]).toEqual([403, 'insufficient_permissions'])
      expect(headers.get('www-authenticate')).toBe(
        'Bearer realm="guichet", error="insufficient_scope", scope="keys:write"',
      )
    }
  })
})

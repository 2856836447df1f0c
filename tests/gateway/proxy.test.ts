import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

let upstream: RecordingUpstream
let gateway: TestServer
let token: string

const identityNames = ['x-auth-subject', 'x-auth-client', 'x-auth-key-id', 'x-auth-scope', 'x-auth-session']

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response) => {
    if (request.url === '/old') response.writeHead(302, { Location: 'http://elsewhere.test/new' }).end()
    else if (request.url === '/cookies')
      response
        .writeHead(201, { 'Set-Cookie': ['a=1', 'b=2'], 'X-Powered-By': 'x', 'Cache-Control': 'max-age=9' })
        .end()
    else
      response
        .writeHead(200, { Connection: 'keep-alive, X-Hop', 'X-Hop': 'mine' })
        .end(`hello ${request.url}`)
  })
  gateway = await startTestServer({
    ROUTES: JSON.stringify({
      upstreams: { orders: upstream.url },
      routes: [
        { path: '/open/*', public: true, upstream: 'orders' },
        { path: '/reports/*', permissions: ['reports:read', 'reports:all'], upstream: 'orders' },
        { path: '/legacy/*', credentials: ['api_key', 'token'], upstream: 'orders' },
        { path: '/watched/*', permissions: ['none:such'], mode: 'shadow', upstream: 'orders' },
        {
          path: '/told/*',
          permissions: ['orders:read'],
          identity_token: { audience: 'https://orders' },
          upstream: 'orders',
        },
        { path: '/api/orders/*', strip_prefix: '/api/orders', upstream: `${upstream.url}/base` },
        { path: '/slow/*', rate_limit: { limit: 2, window_seconds: 60 }, upstream: 'orders' },
        { path: '/kept/*', preserve_host: true, pass_credential: true, upstream: 'orders' },
        {
          path: '/written/*',
          upstream: 'orders',
          request_headers: { set: { 'X-Env': 'prod' }, remove: ['Cookie'] },
          response_headers: { set: { 'X-Frame-Options': 'DENY' }, remove: ['X-Hop'] },
        },
        { path: '/only', hosts: ['other.test'], upstream: 'orders' },
        { path: '/asked/*' },
        { path: '/old', upstream: 'orders' },
        { path: '/cookies', upstream: 'orders' },
        { path: '/items/*', methods: ['GET', 'POST'], upstream: 'orders' },
      ],
    }),
  })
  token = await gateway.token()
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
})

beforeEach(() => {
  upstream.seen.length = 0
})

describe('a proxied call', () => {
  it('reaches the upstream with the identity of its token, and not with its credential', async () => {
    const answer = await gateway.call('GET', '/items/7?b=1&a=%20x', {
      token,
      headers: { 'X-API-Key': 'gk_not_ours', Cookie: 'theme=dark' },
    })
    expect([answer.status, answer.text]).toEqual([200, 'hello /items/7?b=1&a=%20x'])
    const { sub, client_id, key_id, scope, sid } = decodeJwt(token)
    expect(identityNames.map(upstream.sawField)).toEqual([sub, client_id, key_id, scope, sid])
    expect(upstream.sawField('x-request-id')).toBe(answer.headers.get('x-request-id'))
    expect(upstream.sawField('authorization')).toBeUndefined()
    expect(upstream.sawField('x-api-key')).toBeUndefined()
    expect(upstream.sawField('cookie')).toBe('theme=dark')
    expect(upstream.sawField('host')).toBe(new URL(upstream.url).host)
  })

  it('says where it came from by the socket, whatever it claims', async () => {
    await gateway.call('GET', '/items/1', {
      token,
      headers: {
        'X-Forwarded-For': '203.0.113.9',
        'X-Forwarded-Proto': 'https',
        'X-Forwarded-Host': 'evil.test',
        X_Forwarded_For: '203.0.113.9',
        Forwarded: 'for=203.0.113.9',
        'X-Real-IP': '203.0.113.9',
        Via: '1.1 before',
      },
    })
    const { host } = new URL(gateway.url)
    expect(upstream.sawField('x-forwarded-for')).toBe('127.0.0.1')
    expect(upstream.sawField('x-forwarded-proto')).toBe('http')
    expect(upstream.sawField('x-forwarded-host')).toBe(host)
    expect(upstream.sawField('x_forwarded_for')).toBeUndefined()
    expect(upstream.sawField('forwarded')).toBe(`for=127.0.0.1;host="${host}";proto=http`)
    expect(upstream.sawField('x-real-ip')).toBe('127.0.0.1')
    expect(upstream.sawField('via')).toBe('1.1 before, 1.1 guichet')
  })

  it('cannot forge its identity in any spelling, nor have it removed', async () => {
    await gateway.call('GET', '/open/x', {
      headers: {
        'X-Auth-Subject': 'root',
        x_auth_subject: 'root',
        'X-AUTH-Scope': '*',
        'X_Auth-Client': 'root',
        'X-Request-ID': 'mine-1',
      },
    })
    const fields = upstream.seen[0]!.fields.filter(([name]) =>
      name.replaceAll('_', '-').startsWith('x-auth-'),
    )
    expect(fields).toEqual(identityNames.map((name) => [name, '']))
    expect(upstream.sawField('x-request-id')).toBe('mine-1')
  })

  it('is answered with what the upstream says, less its hop, with the id and without a shared cache', async () => {
    const answer = await gateway.call('GET', '/items/1', { token })
    expect(answer.headers.get('x-hop')).toBeNull()
    expect(answer.headers.get('via')).toBe('1.1 guichet')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('vary')).toBe('Authorization')
    expect(answer.headers.get('content-security-policy')).toBeNull()
    const cookies = await gateway.call('GET', '/cookies', { token })
    expect([cookies.status, cookies.headers.getSetCookie()]).toEqual([201, ['a=1', 'b=2']])
    expect(cookies.headers.get('cache-control')).toBe('max-age=9')
  })

  it('has its redirects passed on, and its body carried', async () => {
    const moved = await gateway.call('GET', '/old', { token })
    expect([moved.status, moved.headers.get('location')]).toEqual([302, 'http://elsewhere.test/new'])
    await gateway.call('POST', '/items/', { token, json: { a: 'é' } })
    expect(upstream.seen.at(-1)).toMatchObject({ method: 'POST', target: '/items/', body: '{"a":"é"}' })
  })

  it('writes one line to the log, with its rule and upstream', async () => {
    const { headers } = await gateway.call('GET', '/items/1', { token })
    const requestId = headers.get('x-request-id')
    const line = () => gateway.lines.find((it) => it['msg'] === 'request' && it['requestId'] === requestId)
    await expect.poll(line).toMatchObject({ status: 200, rule: '/items/*', upstream: 'orders' })
    expect(JSON.stringify(gateway.lines)).not.toContain(token)
  })
})

describe('the rules', () => {
  it('let a stranger through to public routes only, and tell him nothing of the others', async () => {
    expect((await gateway.call('GET', '/open/a')).status).toBe(200)
    for (const path of ['/items/1', '/nowhere', '/', '/openx']) {
      const { status, body } = await gateway.call('GET', path)
      expect([path, status, body.error.code]).toEqual([path, 401, 'missing_token'])
    }
    expect(upstream.seen.length).toBe(1)
  })

  it('refuse what none of them takes', async () => {
    expect((await gateway.call('GET', '/nowhere', { token })).status).toBe(404)
    expect((await gateway.call('GET', '/asked/x', { token })).status).toBe(404)
    expect((await gateway.call('GET', '/only', { token })).status).toBe(404)
    const put = await gateway.call('PUT', '/items/1', { token })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST'])
    expect((await gateway.call('HEAD', '/items/1', { token })).status).toBe(200)
    expect(upstream.seen.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it('ask for every permission', async () => {
    const { apiKey } = await gateway.key(['reports:read'])
    const refused = await gateway.call('GET', '/reports/1', { token: await gateway.token(apiKey) })
    expect([refused.status, refused.body.error.details[0].message]).toEqual([
      403,
      expect.stringContaining('reports:all'),
    ])
    expect(refused.headers.get('www-authenticate')).toContain('insufficient_scope')
    expect(upstream.seen).toEqual([])
    expect((await gateway.call('GET', '/reports/1', { token })).status).toBe(200)
  })

  it('match without regard to case or a slash at the end, and hand the path on as it came', async () => {
    const { apiKey } = await gateway.key(['orders:read'])
    const plain = await gateway.token(apiKey)
    for (const path of ['/Reports/1', '/REPORTS/', '/%72eports/1', '/reports']) {
      expect([path, (await gateway.call('GET', path, { token: plain })).status]).toEqual([path, 403])
    }
    await gateway.call('GET', '/Items/%41', { token })
    expect(upstream.seen.at(-1)?.target).toBe('/Items/%41')
  })

  it('take the prefix off and put the base path before', async () => {
    for (const [path, target] of [
      ['/api/orders/1?x', '/base/1?x'],
      ['/api/orders/', '/base/'],
      ['/api/orders', '/base/'],
      ['/API/%6Frders/1/', '/base/1/'],
    ] as const) {
      await gateway.call('GET', path, { token })
      expect([path, upstream.seen.at(-1)?.target]).toEqual([path, target])
    }
    expect(upstream.sawField('x-forwarded-prefix')).toBe('/api/orders')
  })

  it('write and remove fields, keep the host and pass the credential where they say so', async () => {
    const answer = await gateway.call('GET', '/written/1', {
      token,
      headers: { Cookie: 'a=1', 'X-Env': 'mine' },
    })
    expect([upstream.sawField('x-env'), upstream.sawField('cookie')]).toEqual(['prod', undefined])
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    await gateway.call('GET', '/kept/1', { token })
    expect(upstream.sawField('host')).toBe(new URL(gateway.url).host)
    expect(upstream.sawField('authorization')).toBe(`Bearer ${token}`)
  })

  it('count calls against the limit of a route, a caller each', async () => {
    const statuses: number[] = []
    for (let times = 0; times < 3; times++)
      statuses.push((await gateway.call('GET', '/slow/1', { token })).status)
    expect(statuses).toEqual([200, 200, 429])
    const { headers, body } = await gateway.call('GET', '/slow/1', { token })
    expect([body.error.code, headers.get('ratelimit')]).toEqual([
      'rate_limited',
      expect.stringContaining('"route";r=0'),
    ])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    const { apiKey } = await gateway.key(['orders:read'])
    const other = await gateway.call('GET', '/slow/1', { token: await gateway.token(apiKey) })
    expect([other.status, other.headers.get('ratelimit')]).toEqual([
      200,
      expect.stringContaining('"route";r=1'),
    ])
  })

  it('that only watch let pass and say so in the log', async () => {
    const known = await gateway.call('GET', '/watched/1', {
      token: await gateway.token((await gateway.key(['a:b'])).apiKey),
    })
    expect(known.status).toBe(200)
    expect(upstream.sawField('x-auth-client')).not.toBe('')
    const stranger = await gateway.call('GET', '/watched/1')
    expect(stranger.status).toBe(200)
    expect(upstream.sawField('x-auth-client')).toBe('')
    const shadowed = () =>
      gateway.lines.filter((it) => it['rule'] === '/watched/*').map((it) => it['shadowed'])
    await expect.poll(shadowed).toEqual(['permission_missing', 'credential_missing'])
  })
})

describe('a route that takes API keys', () => {
  it('admits by X-API-Key and by Bearer, with the identity of the key', async () => {
    const { apiKey, id } = await gateway.key(['orders:read'])
    for (const headers of [{ 'X-API-Key': apiKey }, { Authorization: `Bearer ${apiKey}` }]) {
      expect((await gateway.call('GET', '/legacy/1', { headers })).status).toBe(200)
      expect([upstream.sawField('x-auth-key-id'), upstream.sawField('x-auth-session')]).toEqual([id, ''])
      expect([upstream.sawField('x-api-key'), upstream.sawField('authorization')]).toEqual([
        undefined,
        undefined,
      ])
    }
    expect((await gateway.call('GET', '/legacy/1', { token })).status).toBe(200)
    const both = await gateway.call('GET', '/legacy/1', { token, headers: { 'X-API-Key': apiKey } })
    expect([both.status, both.body.error.code]).toEqual([400, 'ambiguous_credentials'])
    const elsewhere = await gateway.call('GET', '/items/1', { headers: { 'X-API-Key': apiKey } })
    expect(elsewhere.status).toBe(401)
  })

  it('refuses a key the moment it is revoked', async () => {
    const { apiKey, id } = await gateway.key(['orders:read'])
    const call = () => gateway.call('GET', '/legacy/1', { headers: { 'X-API-Key': apiKey } })
    expect((await call()).status).toBe(200)
    await gateway.call('POST', `/api/v1/keys/${id}/revoke`, { token, json: {} })
    const { status, body } = await call()
    expect([status, body.error.code]).toEqual([401, 'api_key_revoked'])
  })
})

describe('the short token for an upstream', () => {
  it('names the caller for this upstream alone, with what the route needs, and is shared', async () => {
    await Promise.all([1, 2, 3].map(() => gateway.call('GET', '/told/1', { token })))
    const shown = upstream.seen.map(({ fields }) => fields.find(([name]) => name === 'authorization')?.[1])
    expect(new Set(shown).size).toBe(1)
    const keys = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`))
    const { payload } = await jwtVerify(shown[0]!.replace('Bearer ', ''), keys, {
      audience: 'https://orders',
      typ: 'at+jwt',
    })
    const { sub, sid } = decodeJwt(token)
    expect(payload).toMatchObject({ sub, sid, aud: 'https://orders', scope: 'orders:read' })
    expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(60)
    const back = await gateway.call('GET', '/items/1', { headers: { Authorization: shown[0]! } })
    expect(back.status).toBe(401)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawAnswers } from '../../hostile/raw-socket.ts'
import { secretsIn } from '../../hostile/secret-spellings.ts'
import { call } from '../../support/call.ts'
import { testSecret } from '../../support/gateway-process.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../../support/running-gateway.ts'
import { scrape } from '../../support/scrape.ts'

let upstream: RecordingUpstream
let server: TestServer
let url: string

beforeAll(async () => {
  upstream = await startRecordingUpstream((request, response) => {
    response.statusCode = request.url === '/orders/none' ? 404 : 200
    response.end('ok')
  })
  server = await startTestServer({
    METRICS_PORT: '0',
    REGISTRATION: 'open',
    SUPABASE_ANONYMOUS: 'on',
    SUPABASE_AUTOCONFIRM: 'off',
    ROUTES: JSON.stringify({
      upstreams: { shop: upstream.url, away: 'http://127.0.0.1:1' },
      routes: [
        { name: 'orders', path: '/orders/*', upstream: 'shop' },
        { name: 'away', path: '/away/*', upstream: 'away' },
      ],
    }),
  })
  url = server.lines.find(({ msg }) => msg === 'ready')?.['metrics'] as string
})

afterAll(async () => {
  await server?.remove()
  await upstream?.close()
})

const look = () => scrape(url)

/** How much a sample grew by what was done. */
async function growth(deed: () => Promise<unknown>, name: string, labels: Readonly<Record<string, string>>) {
  const before = (await look()).value(name, labels) ?? 0
  await deed()
  return ((await look()).value(name, labels) ?? 0) - before
}

describe('the metrics listener', () => {
  it('answers GET /metrics, and that alone', async () => {
    const { origin } = new URL(url)
    const { status, headers } = await call('GET', url)
    expect([status, headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain; version=/),
    ])
    expect((await call('HEAD', url)).text).toBe('')
    for (const path of ['/', '/metrics/', '/metrics/x', '/health/live', '/api/v1/me', '//metrics'])
      expect([path, (await call('GET', `${origin}${path}`)).status]).toEqual([path, 404])
    expect((await call('POST', url, { json: {} })).status).toBe(405)
    expect((await call('DELETE', url)).status).toBe(405)
  })

  it('is on loopback, and its page not on the public listener', async () => {
    expect(new URL(url).hostname).toBe('127.0.0.1')
    expect((await call('GET', `${server.url}/metrics`)).status).toBe(401)
    const token = await server.token()
    expect((await call('GET', `${server.url}/metrics`, { token })).status).toBe(404)
  })
})

describe('metrics', () => {
  it('count calls by method, route and status', async () => {
    const token = await server.token()
    const labels = { method: 'GET', route: '/api/v1/me', status: '200' }
    const deed = () => server.call('GET', '/api/v1/me', { token })
    expect(await growth(deed, 'guichet_http_requests_total', labels)).toBe(1)
    const bucket = { route: '/api/v1/me', le: '+Inf' }
    expect(await growth(deed, 'guichet_http_request_duration_seconds_bucket', bucket)).toBe(1)
  })

  it('count refusals by their reason', async () => {
    const deed = () => server.call('GET', '/api/v1/me')
    expect(await growth(deed, 'guichet_refusals_total', { reason: 'credential_missing' })).toBe(1)
  })

  it('count exchanges and refreshes by their outcome', async () => {
    const exchange = (apiKey: string) => server.call('POST', '/api/v1/auth/token/', { json: { apiKey } })
    const of = (operation: string, outcome: string) => ({ operation, outcome })
    const name = 'guichet_token_outcomes_total'
    expect(await growth(() => exchange(server.adminKey), name, of('exchange', 'granted'))).toBe(1)
    expect(await growth(() => exchange('gk_nothing'), name, of('exchange', 'refused'))).toBe(1)
    const { refresh } = (await exchange(server.adminKey)).body.data
    const renew = (text: string) =>
      server.call('POST', '/api/v1/auth/token/refresh/', { json: { refresh: text } })
    expect(await growth(() => renew(refresh), name, of('refresh', 'granted'))).toBe(1)
    expect(await growth(() => renew(`${refresh}x`), name, of('refresh', 'refused'))).toBe(1)
    expect((await look()).value(name, of('narrowing', 'granted'))).toBe(0)
  })

  it('count sign-ins by their outcome', async () => {
    const of = (outcome: string) => ({ operation: 'sign_in', outcome })
    const name = 'guichet_token_outcomes_total'
    const at = { email: `${crypto.randomUUID()}@person.test`, password: 'a long enough password' }
    const signUp = () => server.call('POST', '/auth/v1/signup', { json: at })
    const signIn = (password: string) => () =>
      server.call('POST', '/auth/v1/token?grant_type=password', { json: { ...at, password } })
    expect(
      await growth(() => server.call('POST', '/auth/v1/signup', { json: {} }), name, of('granted')),
    ).toBe(1)
    expect(await growth(signUp, name, of('challenged'))).toBe(1)
    expect(await growth(signIn('another password'), name, of('refused'))).toBe(1)
  })

  it('count what upstreams answer, by rule and class, and show the breaker that opens', async () => {
    const token = await server.token()
    const name = 'guichet_upstream_answers_total'
    const get = (path: string) => () => server.call('GET', path, { token })
    expect(await growth(get('/orders/1'), name, { rule: 'orders', class: '2xx' })).toBe(1)
    expect(await growth(get('/orders/none'), name, { rule: 'orders', class: '4xx' })).toBe(1)
    expect(await growth(get('/away/1'), name, { rule: 'away', class: 'none' })).toBe(1)
    const addresses = async (state: string) =>
      (await look()).value('guichet_upstream_addresses', { upstream: 'away', state })
    expect([await addresses('closed'), await addresses('open')]).toEqual([1, 0])
    for (let times = 0; times < 4; times++) await get('/away/1')()
    expect([await addresses('closed'), await addresses('open')]).toEqual([0, 1])
  })

  it('show how often a token was known', async () => {
    const token = await server.token()
    const deed = () => server.call('GET', '/api/v1/me', { token })
    const name = 'guichet_verified_token_lookups_total'
    expect(await growth(deed, name, { result: 'hit' })).toBe(1)
    const forged = () => server.call('GET', '/api/v1/me', { token: `${token}x` })
    expect(await growth(forged, name, { result: 'miss' })).toBe(1)
  })

  it('show the state of what it lives on', async () => {
    const { value } = await look()
    expect(value('guichet_database_up')).toBe(1)
    expect(value('guichet_database_connections')).toBeGreaterThan(0)
    expect(value('guichet_database_connections_max')).toBe(10)
    expect(value('guichet_database_calls_waiting')).toBe(0)
    expect(value('guichet_revocation_feed_connected')).toBe(1)
    expect(value('guichet_revocations_age_seconds')).toBeLessThan(15)
    expect(value('guichet_signing_keys', { state: 'active' })).toBe(1)
    expect(value('guichet_signing_key_age_seconds', { state: 'active' })).toBeLessThan(600)
    expect(value('guichet_mail_outbox_waiting')).toBe(0)
    expect(value('guichet_mail_outbox_oldest_seconds')).toBe(0)
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
  })

  it('show a feed that broke and came back', async () => {
    const deed = async () => {
      await server.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'guichet feed' and datname = current_database()`,
      )
      await expect
        .poll(() => server.lines.some(({ msg }) => msg === 'the revocation feed is back'))
        .toBe(true)
    }
    expect(await growth(deed, 'guichet_revocation_feed_reconnects_total', {})).toBe(1)
    expect((await look()).value('guichet_revocation_feed_connected')).toBe(1)
  })

  it('have no series that a caller could add to', async () => {
    const token = await server.token()
    const attack = async (round: number) => {
      const odd = `${round}-${crypto.randomUUID()}`
      const paths = [
        `/${odd}`,
        `/api/v1/${odd}`,
        `/api/v1/clients/${odd}`,
        `/auth/v1/${odd}`,
        `/oauth2/${odd}`,
        `/orders/${odd}`,
        `/orders/${odd}%22%7D%0Ax`,
        `/authz/ext-authz/${odd}`,
        `/.well-known/${odd}`,
      ]
      for (const path of paths) {
        for (const method of ['GET', 'POST', 'PROPFIND', 'M-SEARCH', 'OPTIONS']) {
          const headers = [
            `Host: ${odd}.test`,
            'Connection: close',
            `Authorization: Bearer ${token}`,
            `X-Request-Id: ${odd}`,
            `Origin: https://${odd}.test`,
            `User-Agent: ${odd}"} 1`,
            `X-Forwarded-For: ${odd}`,
          ]
          await rawAnswers(
            server.url,
            `${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
          )
        }
      }
      await server.call('POST', '/api/v1/auth/token/', { json: { apiKey: odd } })
      await server.call('GET', '/api/v1/me', { token: odd })
      return odd
    }
    const first = await attack(1)
    const before = new Set((await look()).samples.keys())
    const others = [await attack(2), await attack(3)]
    const after = await look()
    // The runtime's own collector may show a kind of its work that it had no reason for before.
    const isOurs = (series: string) => !series.startsWith('nodejs_gc_')
    expect([...after.samples.keys()].filter((series) => isOurs(series) && !before.has(series))).toEqual([])
    expect([first, ...others].filter((odd) => after.text.includes(odd))).toEqual([])
  })

  it('hold no secret, and nothing of who called', async () => {
    const { body } = await server.call('POST', '/api/v1/auth/token/', { json: { apiKey: server.adminKey } })
    const { access, refresh } = body.data
    await server.call('GET', `/orders/1?token=${access}`, {
      token: access,
      headers: { cookie: `s=${refresh}` },
    })
    await server.call('GET', `/${server.adminKey}`, { token: access })
    const { text } = await look()
    const keySecret = server.adminKey.slice(15)
    const secrets = {
      key: server.adminKey,
      keySecret,
      access,
      refresh,
      testSecret,
      database: server.database.url,
    }
    expect(secretsIn(text, secrets)).toEqual([])
    const known = server.lines.flatMap(({ clientId, keyId, requestId }) => [clientId, keyId, requestId])
    expect(known.filter((id) => typeof id === 'string' && text.includes(id))).toEqual([])
  })
})

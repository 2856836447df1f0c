import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretsIn } from '../../hostile/secret-spellings.ts'
import { call } from '../../support/call.ts'
import { type Collector, startCollector } from '../../support/collector.ts'
import { freshDatabase, type TestDatabase } from '../../support/database.ts'
import { type GatewayProcess, startGatewayProcess, testSecret } from '../../support/gateway-process.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'
const traceparent = `00-${trace}-${parent}-01`

let database: TestDatabase
let collector: Collector
let upstream: RecordingUpstream
let gateway: GatewayProcess
let apiKey: string
let token: string

beforeAll(async () => {
  database = await freshDatabase()
  collector = await startCollector()
  upstream = await startRecordingUpstream()
  gateway = await startGatewayProcess({
    DATABASE_URL: database.url,
    GUICHET_SECRET: testSecret,
    ROUTES: JSON.stringify({
      upstreams: { shop: upstream.url, away: 'http://127.0.0.1:1' },
      routes: [
        { name: 'orders', path: '/orders/*', upstream: 'shop' },
        { name: 'away', path: '/away/*', upstream: 'away' },
      ],
    }),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    // How long a span waits for others: the standard name as well.
    OTEL_BSP_SCHEDULE_DELAY: '50',
  })
  apiKey = await gateway.firstKey()
  const exchanged = await call('POST', `${gateway.url}/api/v1/auth/token/`, { json: { apiKey } })
  token = exchanged.body.data.access
})

afterAll(async () => {
  await gateway?.remove()
  await upstream?.close()
  await collector?.close()
  await database?.drop()
})

/** Calls, and waits until the collector has the span of that call. */
async function spanOf(path: string, headers: Readonly<Record<string, string>> = {}, credential = token) {
  const requestId = crypto.randomUUID()
  await call('GET', `${gateway.url}${path}`, {
    token: credential,
    headers: { 'X-Request-Id': requestId, ...headers },
  })
  const found = () => collector.spans.find(({ attributes }) => attributes['guichet.request_id'] === requestId)
  await expect.poll(found).toBeDefined()
  return found()!
}

describe('traces', () => {
  it('have a span for each call, by its route, in a trace of its own', async () => {
    const span = await spanOf('/api/v1/me')
    expect(span).toMatchObject({
      name: 'GET /api/v1/me',
      kind: 2,
      parentSpanId: undefined,
      service: 'guichet',
    })
    expect(span.attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.route': '/api/v1/me',
      'http.response.status_code': 200,
    })
    expect([...collector.paths]).toEqual(['POST /v1/traces application/json'])
  })

  it('go on with the trace of the caller', async () => {
    const span = await spanOf('/api/v1/me', { traceparent })
    expect([span.traceId, span.parentSpanId]).toEqual([trace, parent])
  })

  it('begin anew where the caller says nothing that can be read', async () => {
    const span = await spanOf('/api/v1/me', { traceparent: `00-${'0'.repeat(32)}-${parent}-01` })
    expect([span.parentSpanId, span.traceId === '0'.repeat(32)]).toEqual([undefined, false])
  })

  it('go through to the upstream, which is called from within our span', async () => {
    const span = await spanOf('/orders/1', { traceparent, tracestate: 'congo=t61' })
    expect(upstream.sawField('traceparent')).toBe(`00-${trace}-${span.spanId}-01`)
    expect(upstream.sawField('tracestate')).toBe('congo=t61')
    expect(span).toMatchObject({ name: 'GET orders', traceId: trace, parentSpanId: parent })
    expect(span.attributes).toMatchObject({ 'guichet.rule': 'orders', 'guichet.upstream': 'shop' })
    const own = await spanOf('/orders/1')
    expect(upstream.sawField('traceparent')).toBe(`00-${own.traceId}-${own.spanId}-01`)
    expect(upstream.sawField('tracestate')).toBeUndefined()
  })

  it('say why a call was refused, and which went wrong', async () => {
    const refused = await spanOf('/api/v1/me', {}, 'no token')
    expect(refused.attributes['guichet.reason']).toMatch(/^[a-z_]+$/)
    expect(refused.status).not.toBe(2)
    const failed = await spanOf('/away/1')
    expect([failed.status, failed.attributes['error.type']]).toEqual([2, expect.stringMatching(/^upstream_/)])
  })

  it('that the caller does not keep are not kept here, and the upstream is told so', async () => {
    const before = collector.spans.length
    const headers = { traceparent: `00-${trace}-${parent}-00` }
    await call('GET', `${gateway.url}/orders/2`, { token, headers })
    expect(upstream.sawField('traceparent')).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`))
    // One after it, so that it would have come.
    await spanOf('/api/v1/me')
    expect(collector.spans.length - before).toBe(1)
  })

  it('hold no credential, no path and no query', async () => {
    await spanOf(`/orders/private-path?token=${token}`, { cookie: `s=${apiKey}`, tracestate: `a=${apiKey}` })
    await spanOf(`/${apiKey}`)
    const secrets = { token, apiKey, secret: apiKey.slice(15), testSecret, database: database.url }
    expect(secretsIn(collector.posted(), secrets)).toEqual([])
    expect(collector.posted()).not.toContain('private-path')
    expect(collector.posted()).not.toContain('127.0.0.1')
  })
})

describe('a process that is stopped', () => {
  it('sends what it has, and does not wait for a collector that is away', async () => {
    const own = await startCollector()
    const env = {
      DATABASE_URL: database.url,
      GUICHET_SECRET: testSecret,
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=gate',
    }
    const last = await startGatewayProcess({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: own.url })
    await call('GET', `${last.url}/health/live`)
    expect(own.spans).toEqual([])
    expect(await last.stop()).toBe(0)
    expect(own.spans.map(({ name, service }) => [name, service])).toEqual([['GET /health/live', 'gate']])
    await last.remove()
    await own.close()
    const lonely = await startGatewayProcess({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: own.url })
    await call('GET', `${lonely.url}/health/live`)
    const startedAt = performance.now()
    expect(await lonely.stop()).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await lonely.remove()
  })
})

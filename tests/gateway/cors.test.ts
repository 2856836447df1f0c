import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'
import { startTestServer, type TestServer } from '../support/running-gateway.ts'

let upstream: RecordingUpstream
let gateway: TestServer

beforeAll(async () => {
  upstream = await startRecordingUpstream((_request, response) =>
    response.writeHead(200, { 'Cache-Control': 'public', 'Access-Control-Allow-Origin': '*' }).end('ok'),
  )
  gateway = await startTestServer({
    CORS_ORIGINS: 'https://app.test',
    ROUTES: JSON.stringify({
      routes: [
        { path: '/open', public: true, upstream: upstream.url },
        { name: 'preflights', path: '/own/*', methods: ['OPTIONS'], public: true, upstream: upstream.url },
        { path: '/own/*', upstream: upstream.url },
      ],
    }),
  })
})

afterAll(async () => {
  await gateway.remove()
  await upstream.close()
})

const from = (origin: string, more: Record<string, string> = {}) => ({ headers: { Origin: origin, ...more } })
const preflight = { 'Access-Control-Request-Method': 'PUT' }

describe('a call from a page', () => {
  it('is told what CORS_ORIGINS allow instead of what the upstream says, and varies by its origin', async () => {
    const { headers } = await gateway.call('GET', '/open', from('https://app.test'))
    expect(headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect(headers.get('vary')).toBe('Origin')
  })

  it('varies by its origin without one as well: a cache keeps both', async () => {
    const { headers } = await gateway.call('GET', '/open')
    expect([headers.get('cache-control'), headers.get('vary')]).toEqual(['public', 'Origin'])
  })

  it('has the preflight of a listed origin answered here, and of others by the rules', async () => {
    const listed = await gateway.call('OPTIONS', '/own/7', from('https://app.test', preflight))
    expect([listed.status, listed.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET,POST,PUT,PATCH,DELETE',
    ])
    // Fields that only the API knows are allowed, and can be read.
    const own = await gateway.call('OPTIONS', '/own/7', {
      headers: { Origin: 'https://app.test', ...preflight, 'Access-Control-Request-Headers': 'x-mine' },
    })
    expect(own.headers.get('access-control-allow-headers')).toBe('x-mine')
    const read = await gateway.call('GET', '/open', from('https://app.test'))
    expect(read.headers.get('access-control-expose-headers')).toBe('*')
    expect(upstream.seen.some(({ method }) => method === 'OPTIONS')).toBe(false)
    const other = await gateway.call('OPTIONS', '/own/7', from('https://other.test', preflight))
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([200, '*'])
    const closed = await gateway.call('OPTIONS', '/closed', from('https://other.test', preflight))
    expect(closed.status).toBe(401)
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../support/call.ts'
import { createTestGateway, type TestGateway } from '../support/test-gateway.ts'

const friend = 'https://app.example'

let open: TestGateway
let closed: TestGateway

beforeAll(async () => {
  open = await createTestGateway({ app: { corsOrigins: [friend, 'http://localhost:5173'] } })
  closed = await createTestGateway()
})

afterAll(async () => {
  await Promise.all([open.close(), closed.close()])
})

const strangers = [
  'null',
  '',
  '*',
  'https://app.example.evil.test',
  'https://evil-app.example',
  'https://app.example:8443',
  'https://app.example.',
  'https://app.example/',
  'https://APP.EXAMPLE',
  'http://app.example',
  'https://app.example, https://evil.test',
  'https://evil.test#https://app.example',
  'https://app.exampl',
  'https://app-example',
  'https://xn--pp-yia.example',
  'https://localhost:5173',
  'http://localhost:51730',
  'http://127.0.0.1:5173',
  'file://',
  'chrome-extension://abc',
]

/** Every kind of answer that a page could ask for. */
function asks(gateway: TestGateway, headers: Readonly<Record<string, string>>): Promise<readonly Answer[]> {
  const preflight = { ...headers, 'Access-Control-Request-Method': 'POST' }
  return Promise.all([
    gateway.call('GET', '/health/live', { headers }),
    gateway.call('GET', '/nope', { headers }),
    gateway.call('GET', '/api/v1/me', { headers: { ...headers, Authorization: 'Bearer x' } }),
    gateway.call('POST', '/api/v1/auth/token/', { headers, json: { apiKey: gateway.adminKey } }),
    gateway.call('POST', '/api/v1/auth/token/', { headers, json: { apiKey: 'x' } }),
    gateway.call('OPTIONS', '/api/v1/auth/token/', { headers: preflight }),
    gateway.call('OPTIONS', '/api/v1/me', { headers: preflight }),
  ])
}

const allowing = ({ headers }: Answer) =>
  [...headers.keys()].filter((name) => name === 'access-control-allow-origin')

describe('a page of a listed origin', () => {
  it('may read every answer, errors included, and never with credentials', async () => {
    for (const answer of await asks(open, { Origin: friend })) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(friend)
      expect(answer.headers.get('vary')).toContain('Origin')
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('is told in its preflight what it may send, and that a wildcard is none of it', async () => {
    const { status, headers, text } = await open.call('OPTIONS', '/api/v1/me', {
      headers: {
        Origin: friend,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'x-evil',
      },
    })
    expect([status, text]).toEqual([204, ''])
    expect(headers.get('access-control-allow-headers')?.split(',')).toContain('Authorization')
    expect(headers.get('access-control-allow-headers')).not.toMatch(/evil|\*/)
    expect(headers.get('access-control-allow-methods')).not.toMatch(/\*|TRACE|CONNECT/)
    expect(Number(headers.get('access-control-max-age'))).toBeLessThanOrEqual(7200)
  })

  it('needs a token as everyone does', async () => {
    expect((await open.call('GET', '/api/v1/me', { headers: { Origin: friend } })).status).toBe(401)
    expect(
      (await open.call('POST', '/api/v1/clients', { headers: { Origin: friend }, json: {} })).status,
    ).toBe(401)
  })
})

describe('a page of any other origin', () => {
  it.each(strangers)('may read nothing: "%s"', async (origin) => {
    for (const answer of await asks(open, { Origin: origin })) {
      expect(allowing(answer)).toEqual([])
      expect(answer.headers.get('vary')).toContain('Origin')
      expect(answer.headers.has('access-control-allow-credentials')).toBe(false)
    }
  })

  it('may read nothing when two origins come at once, one of them listed', async () => {
    for (const origin of [`${friend}, https://evil.test`, `${friend} https://evil.test`, `null, ${friend}`]) {
      for (const answer of await asks(open, { Origin: origin })) expect(allowing(answer)).toEqual([])
    }
  })

  it.each([friend, 'null', '*', ''])('may read nothing where no origin is listed: "%s"', async (origin) => {
    for (const { headers } of await asks(closed, { Origin: origin })) {
      expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })
})

describe('OPTIONS that is no preflight', () => {
  it('is a call like any other: closed to strangers, 404 or 405 to a caller', async () => {
    const token = await open.accessToken()
    for (const headers of [{}, { Origin: friend }, { Origin: 'https://evil.test' }]) {
      const strange = async (path: string) => (await open.call('OPTIONS', path, { headers })).status
      expect([await strange('/nope'), await strange('/api/v1/me')]).toEqual([401, 401])
      expect((await open.call('OPTIONS', '/api/v1/auth/token/', { headers })).status).toBe(405)
      expect((await open.call('OPTIONS', '/nope', { headers, token })).status).toBe(404)
    }
  })
})

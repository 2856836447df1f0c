import { expect } from 'vitest'
import type { RawAnswer } from './raw-socket.ts'

/** What no answer goes without and what none has. */
export function expectStandingHeaders({ headers }: RawAnswer): void {
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,128}$/)
  for (const name of ['server', 'x-powered-by', 'via', 'x-runtime', 'x-aspnet-version', 'set-cookie']) {
    expect([name, headers.get(name)]).toEqual([name, undefined])
  }
  expect([...headers].join()).not.toMatch(/guichet\/|node|hono|pino|postgres/i)
}

/** An error as the native face spells it. */
export function expectEnvelope(answer: RawAnswer, status: number): void {
  expectStandingHeaders(answer)
  const { headers, body } = answer
  expect([answer.status, body?.error?.code]).toEqual([status, expect.stringMatching(/^[a-z_]+$/)])
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(Object.keys(body)).toEqual(['error', 'meta'])
  expect(body.error.message).toMatch(/^[A-Z].*\.$/)
  expect(body.meta).toEqual({
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    request_id: headers.get('x-request-id'),
  })
}

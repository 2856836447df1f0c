import type { RequestLine } from '../../src/http/gateway-env.ts'

/** The line of a good call that nothing more is known of. */
export const aRequestLine = (changes: Partial<RequestLine> = {}): RequestLine => ({
  method: 'GET',
  route: '/api/v1/me',
  status: 200,
  durationMs: 1,
  requestId: 'r',
  clientId: undefined,
  keyId: undefined,
  userId: undefined,
  rule: undefined,
  upstream: undefined,
  shadowed: undefined,
  degraded: undefined,
  reason: undefined,
  cause: undefined,
  ...changes,
})

import type { HttpFailure } from '../../http/refusal.ts'
import { challenged, notHere, type Spellings, tokenRefused } from './spelling.ts'

/** What HTTP itself refuses. */
export const httpSpellings: Spellings<HttpFailure['reason']> = {
  credential_missing: challenged('Not authenticated'),
  authorization_malformed: tokenRefused('Could not validate credentials'),
  credential_ambiguous: { status: 400, detail: 'Send one credential, and in one place' },
  route_unknown: { status: 404, detail: 'Not Found' },
  method_not_allowed: {
    status: 405,
    detail: 'Method Not Allowed',
    headers: ({ allow }) => ({ Allow: allow.join(', ') }),
  },
  content_type_unsupported: { status: 415, detail: 'The body must be sent as application/json' },
  content_encoding_unsupported: {
    status: 415,
    detail: 'The body must not be compressed',
    headers: () => ({ 'Accept-Encoding': 'identity' }),
  },
  body_too_large: {
    status: 413,
    detail: 'The body is too large',
    // The rest of the body is not read, so this connection has no next request.
    headers: () => ({ Connection: 'close' }),
  },
  body_malformed: {
    status: 422,
    detail: () => [{ field: '', message: 'JSON decode error', code: 'json_invalid' }],
  },
  request_invalid: { status: 422, detail: ({ details }) => details },
  fields_invalid: { status: 422, detail: ({ details }) => details },
  grant_type_unsupported: {
    status: 422,
    detail: () => [
      {
        field: 'grant_type',
        message: "String should match pattern '^password$'",
        code: 'string_pattern_mismatch',
      },
    ],
  },
  service_unavailable: {
    status: 503,
    detail: 'Service Unavailable',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  internal_fault: { status: 500, detail: 'Internal Server Error' },
  path_refused: notHere(),
  proxy_untrusted: { status: 403, detail: 'Forbidden' },
  proxy_question_incomplete: { status: 403, detail: 'Forbidden' },
  request_stalled: { status: 408, detail: 'Request Timeout' },
  upstream_unreachable: { status: 502, detail: 'Bad Gateway' },
  upstream_failed: { status: 502, detail: 'Bad Gateway' },
  upstream_timeout: { status: 504, detail: 'Gateway Timeout' },
  upstream_unavailable: {
    status: 503,
    detail: 'Service Unavailable',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
}

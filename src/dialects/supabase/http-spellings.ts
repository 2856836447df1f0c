import { bareChallenge } from '../../http/challenge.ts'
import type { HttpFailure } from '../../http/refusal.ts'
import type { Denial } from './deny.ts'
import type { Spellings } from './spelling.ts'

const unauthorized: Denial = {
  status: 401,
  code: 'no_authorization',
  message: 'This endpoint requires a valid Bearer token',
  headers: { 'WWW-Authenticate': bareChallenge },
}
const notJson: Denial = { status: 400, code: 'bad_json', message: 'Could not parse request body as JSON' }
const invalid = (message: string): Denial => ({ status: 400, code: 'validation_failed', message })
/** The services behind the gateway answer at their own paths, and never here. */
const behind = (status: 502 | 503 | 504): Denial => ({
  status,
  code: 'unexpected_failure',
  message: 'The service behind does not answer',
})

/** What HTTP itself refuses. */
export const httpSpellings: Spellings<HttpFailure['reason']> = {
  credential_missing: unauthorized,
  credential_ambiguous: unauthorized,
  authorization_malformed: unauthorized,
  route_unknown: { status: 404, code: 'not_found', message: 'There is nothing here' },
  method_not_allowed: ({ allow }) => ({
    status: 405,
    code: 'method_not_allowed',
    message: 'This path does not answer this method',
    headers: { Allow: allow.join(', ') },
  }),
  content_type_unsupported: notJson,
  content_encoding_unsupported: {
    ...notJson,
    message: 'Could not parse request body as JSON: it must not be compressed',
    headers: { 'Accept-Encoding': 'identity' },
  },
  body_too_large: ({ maxBytes }) => ({
    status: 413,
    code: 'request_entity_too_large',
    message: `The request body is too large: at most ${maxBytes} bytes`,
    // The rest of the body is not read, so this connection has no next request.
    headers: { Connection: 'close' },
  }),
  body_malformed: notJson,
  request_invalid: ({ details }) => invalid(textOf(details)),
  fields_invalid: ({ details }) => invalid(textOf(details)),
  grant_type_unsupported: { status: 400, code: 'invalid_credentials', message: 'unsupported_grant_type' },
  path_refused: invalid('The path could be read in more than one way'),
  proxy_untrusted: { status: 403, code: 'not_admin', message: 'Only trusted proxies may ask about calls' },
  proxy_question_incomplete: {
    status: 403,
    code: 'validation_failed',
    message: 'The proxy does not say which call it asks about',
  },
  request_stalled: { status: 408, code: 'request_timeout', message: 'The request did not arrive in time' },
  upstream_unreachable: behind(502),
  upstream_failed: behind(502),
  upstream_timeout: behind(504),
  upstream_unavailable: behind(503),
  service_unavailable: ({ retryAfterSeconds }) => ({
    status: 503,
    code: 'unexpected_failure',
    message: 'The gateway cannot serve this call right now',
    headers: { 'Retry-After': String(retryAfterSeconds) },
  }),
  internal_fault: {
    status: 500,
    code: 'unexpected_failure',
    message: 'Unexpected failure, please check server logs for more information',
  },
}

function textOf(details: Extract<HttpFailure, { reason: 'request_invalid' }>['details']): string {
  return details.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join(' ')
}

import type { HttpFailure } from '../../http/refusal.ts'
import { clientUnknown, type Spellings } from './spelling.ts'

/** What HTTP itself refuses. */
export const httpSpellings: Spellings<HttpFailure['reason']> = {
  authorization_malformed: clientUnknown('The Authorization header cannot be read.'),
  credential_missing: clientUnknown(
    'Client authentication is needed: an id as client_id, the API key as client_secret.',
  ),
  credential_ambiguous: {
    status: 400,
    error: 'invalid_request',
    description: 'The client must show itself in one way only.',
  },
  route_unknown: { status: 404, error: 'not_found', description: 'There is nothing here.' },
  method_not_allowed: {
    status: 405,
    error: 'invalid_request',
    description: 'This path does not answer this method.',
    headers: ({ allow }) => ({ Allow: allow.join(', ') }),
  },
  content_type_unsupported: {
    status: 400,
    error: 'invalid_request',
    description: 'The body must be sent as application/x-www-form-urlencoded in UTF-8.',
  },
  content_encoding_unsupported: {
    status: 400,
    error: 'invalid_request',
    description: 'The body must not be compressed.',
    headers: () => ({ 'Accept-Encoding': 'identity' }),
  },
  body_too_large: {
    status: 413,
    error: 'invalid_request',
    description: ({ maxBytes }) => `The body is too large: at most ${maxBytes} bytes.`,
    // The rest of the body is not read, so this connection has no next request.
    headers: () => ({ Connection: 'close' }),
  },
  body_malformed: {
    status: 400,
    error: 'invalid_request',
    description: 'The body is not a well-formed form in UTF-8.',
  },
  request_invalid: {
    status: 400,
    error: 'invalid_request',
    description: ({ details }) =>
      details.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join(' '),
  },
  fields_invalid: {
    status: 400,
    error: 'invalid_request',
    description: 'The request is not valid.',
  },
  grant_type_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    description: 'This grant type is not one of this gateway.',
  },
  service_unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The gateway cannot serve this call right now. Try again shortly.',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  path_refused: {
    status: 400,
    error: 'invalid_request',
    description: 'The path could be read in more than one way.',
  },
  proxy_untrusted: {
    status: 403,
    error: 'invalid_request',
    description: 'Only trusted proxies may ask about calls.',
  },
  proxy_question_incomplete: {
    status: 403,
    error: 'invalid_request',
    description: 'The proxy does not say which call it asks about.',
  },
  request_stalled: {
    status: 408,
    error: 'invalid_request',
    description: 'The request did not arrive in time.',
  },
  upstream_unreachable: {
    status: 502,
    error: 'server_error',
    description: 'The service behind cannot be reached.',
  },
  upstream_failed: {
    status: 502,
    error: 'server_error',
    description: 'The service behind did not answer properly.',
  },
  upstream_timeout: {
    status: 504,
    error: 'server_error',
    description: 'The service behind took too long to answer.',
  },
  upstream_unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The service behind cannot take this call right now.',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  internal_fault: {
    status: 500,
    error: 'server_error',
    description: 'Something went wrong on our side. The request id helps to find out what.',
  },
}

import type { HttpFailure } from '../../http/refusal.ts'
import { behindSpellings } from './behind-spellings.ts'
import { challenged, type Spellings, tokenChallenged } from './spelling.ts'

/** What HTTP itself refuses. */
export const httpSpellings: Spellings<HttpFailure['reason']> = {
  ...behindSpellings,
  authorization_malformed: {
    status: 401,
    code: 'invalid_token',
    message: 'The Authorization header must be "Bearer" and one access token.',
    headers: tokenChallenged,
  },
  credential_missing: {
    status: 401,
    code: 'missing_token',
    message: 'An access token is needed: exchange an API key, then send "Authorization: Bearer <access>".',
    headers: challenged,
  },
  credential_ambiguous: {
    status: 400,
    code: 'ambiguous_credentials',
    message: 'Send one credential, and in one place.',
  },
  route_unknown: { status: 404, code: 'not_found', message: 'There is nothing here.' },
  method_not_allowed: {
    status: 405,
    code: 'method_not_allowed',
    message: 'This path does not answer this method.',
    headers: ({ allow }) => ({ Allow: allow.join(', ') }),
  },
  content_type_unsupported: {
    status: 415,
    code: 'unsupported_media_type',
    message: 'The body must be JSON, sent as application/json.',
  },
  content_encoding_unsupported: {
    status: 415,
    code: 'unsupported_content_encoding',
    message: 'The body must not be compressed.',
    headers: () => ({ 'Accept-Encoding': 'identity' }),
  },
  body_too_large: {
    status: 413,
    code: 'body_too_large',
    message: 'The body is too large.',
    details: ({ maxBytes }) => [{ field: '', message: `At most ${maxBytes} bytes.` }],
    // The rest of the body is not read, so this connection has no next request.
    headers: () => ({ Connection: 'close' }),
  },
  body_malformed: {
    status: 400,
    code: 'malformed_body',
    message: 'The body is not well-formed JSON in UTF-8.',
  },
  request_invalid: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: ({ details }) => details,
  },
  fields_invalid: {
    status: 422,
    code: 'invalid_fields',
    message: 'Some fields are not valid.',
    details: ({ details }) => details,
  },
  grant_type_unsupported: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
  },
  service_unavailable: {
    status: 503,
    code: 'service_unavailable',
    message: 'The gateway cannot serve this call right now. Try again shortly.',
    details: ({ detail, isTold }) =>
      detail !== undefined && isTold === true
        ? [{ field: '', message: 'This instance is not ready.', code: detail }]
        : undefined,
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  internal_fault: {
    status: 500,
    code: 'internal_error',
    message: 'Something went wrong on our side. The request id helps to find out what.',
  },
}

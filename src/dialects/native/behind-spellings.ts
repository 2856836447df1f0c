import type { HttpFailure } from '../../http/refusal.ts'
import type { Spellings } from './spelling.ts'

type BehindReason = Extract<
  HttpFailure['reason'],
  'path_refused' | 'request_stalled' | `proxy_${string}` | `upstream_${string}`
>

/** What the gateway says of the operator's own APIs behind it, and to the proxies before them. */
export const behindSpellings: Spellings<BehindReason> = {
  path_refused: {
    status: 400,
    code: 'path_refused',
    message: 'This path could be read in more than one way. Send it without dot segments or encoded slashes.',
  },
  proxy_untrusted: {
    status: 403,
    code: 'proxy_untrusted',
    message: 'Only the proxies in TRUSTED_PROXIES may ask about calls.',
  },
  proxy_question_incomplete: {
    status: 403,
    code: 'proxy_question_incomplete',
    message: 'The proxy does not say which call it asks about.',
    details: ({ missing }) => missing.map((name) => ({ field: name, message: 'This header is needed.' })),
  },
  request_stalled: {
    status: 408,
    code: 'request_timeout',
    message: 'The request did not arrive in time.',
    headers: () => ({ Connection: 'close' }),
  },
  upstream_unreachable: {
    status: 502,
    code: 'upstream_unreachable',
    message: 'The service behind the gateway cannot be reached.',
  },
  upstream_failed: {
    status: 502,
    code: 'upstream_failed',
    message: 'The service behind the gateway did not answer properly.',
  },
  upstream_timeout: {
    status: 504,
    code: 'upstream_timeout',
    message: 'The service behind the gateway took too long to answer.',
  },
  upstream_unavailable: {
    status: 503,
    code: 'upstream_unavailable',
    message: 'The service behind the gateway cannot take this call right now. Try again shortly.',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
}

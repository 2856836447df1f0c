import type { FailureReason } from '../../core/failure.ts'
import { challenge } from '../../http/challenge.ts'
import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import type { accountChangeSpellings } from './account-change-spellings.ts'
import type { accountSpellings } from './account-spellings.ts'
import type { administrationSpellings } from './administration-spellings.ts'
import type { keySpellings } from './key-spellings.ts'
import type { oneTimeSpellings } from './one-time-spellings.ts'
import type { secondFactorSpellings } from './second-factor-spellings.ts'
import type { signingKeySpellings } from './signing-key-spellings.ts'
import { type Spellings, tokenChallenged } from './spelling.ts'

/** What is refused of tokens, sessions and permissions. */
export const tokenSpellings: Spellings<
  Exclude<
    FailureReason,
    | keyof typeof accountChangeSpellings
    | keyof typeof accountSpellings
    | keyof typeof administrationSpellings
    | keyof typeof keySpellings
    | keyof typeof secondFactorSpellings
    | keyof typeof oneTimeSpellings
    | keyof typeof signingKeySpellings
  >
> = {
  refresh_token_invalid: {
    status: 401,
    code: 'invalid_refresh_token',
    message: 'This refresh token is not valid.',
    headers: tokenChallenged,
  },
  refresh_token_expired: {
    status: 401,
    code: 'refresh_token_expired',
    message: 'This refresh token has expired. Exchange the API key again.',
    headers: tokenChallenged,
  },
  refresh_token_reused: {
    status: 401,
    code: 'refresh_token_reused',
    message: 'This refresh token had been replaced already, so its session has been ended.',
    headers: tokenChallenged,
  },
  session_revoked: {
    status: 401,
    code: 'session_revoked',
    message: 'This session has been ended. Exchange the API key again.',
    headers: tokenChallenged,
  },
  session_unwritten: {
    status: 503,
    code: 'session_unwritten',
    message:
      'This session was opened while the database was away, and is not written yet. Try again shortly.',
    headers: () => ({ 'Retry-After': '2' }),
  },
  access_token_invalid: {
    status: 401,
    code: 'invalid_token',
    message: 'This access token is not valid.',
    headers: tokenChallenged,
  },
  presented_token_invalid: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: ({ parameter }) => [{ field: parameter, message: 'This is not a live access token.' }],
  },
  delegation_too_deep: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: ({ maxDepth }) => [{ field: 'subject_token', message: `At most ${maxDepth} tokens before it.` }],
  },
  access_token_expired: {
    status: 401,
    code: 'token_expired',
    message: 'This access token has expired. Refresh it, or exchange the API key again.',
    headers: tokenChallenged,
  },
  token_revoked: {
    status: 401,
    code: 'token_revoked',
    message: 'This access token has been revoked.',
    headers: tokenChallenged,
  },
  rate_limited: {
    status: 429,
    code: 'rate_limited',
    message: 'Too many calls. Wait as long as Retry-After says.',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  revocations_stale: {
    status: 503,
    code: 'revocations_unknown',
    message: 'The gateway cannot tell whether this token has been revoked. Try again shortly.',
    headers: () => ({ 'Retry-After': '2' }),
  },
  session_not_found: { status: 404, code: 'session_not_found', message: 'There is no such session.' },
  permission_missing: {
    status: 403,
    code: 'insufficient_permissions',
    message: 'This access token does not carry the permission that this call needs.',
    details: ({ needed }) => [{ field: 'scope', message: `This call needs ${needed}.` }],
    headers: ({ needed }) => ({ 'WWW-Authenticate': challenge('insufficient_scope', { scope: needed }) }),
  },
  permissions_not_held: {
    status: 403,
    code: 'permissions_not_held',
    message: 'Permissions can only be narrowed or passed on, and some of these are not yours.',
    details: ({ permissions }) =>
      permissions.map((name) => ({ field: 'permissions', message: `${name} is not held.` })),
  },
  audience_unknown: {
    status: 400,
    code: 'unknown_audience',
    message: 'This audience is not one that this gateway issues tokens for.',
    details: () => [{ field: 'audience', message: 'Ask for one of the configured audiences.' }],
  },
  lifetime_too_long: {
    status: 400,
    code: 'lifetime_too_long',
    message: 'An access token can only be made to live shorter.',
    details: ({ accessTtlSeconds }) => [
      { field: 'expires_in', message: `At most ${accessTtlSeconds} seconds.` },
    ],
  },
  cursor_invalid: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: () => [{ field: 'cursor', message: 'Use the next_cursor of an earlier answer as it is.' }],
  },
}

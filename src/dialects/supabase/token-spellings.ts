import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import type { Denial } from './deny.ts'
import { notHere, type Spellings } from './spelling.ts'

type TokenReason =
  | 'refresh_token_invalid'
  | 'refresh_token_expired'
  | 'refresh_token_reused'
  | 'session_revoked'
  | 'session_unwritten'
  | 'session_not_found'
  | 'access_token_invalid'
  | 'access_token_expired'
  | 'token_revoked'
  | 'presented_token_invalid'
  | 'delegation_too_deep'
  | 'rate_limited'
  | 'quota_exhausted'
  | 'revocations_stale'
  | 'permission_missing'
  | 'permissions_not_held'
  | 'audience_unknown'
  | 'lifetime_too_long'
  | 'cursor_invalid'

const unknown: Denial = {
  status: 400,
  code: 'refresh_token_not_found',
  message: 'Invalid Refresh Token: Refresh Token Not Found',
}
const badToken = (message: string): Denial => ({ status: 403, code: 'bad_jwt', message })
const gone: Denial = {
  status: 403,
  code: 'session_not_found',
  message: 'Session from session_id claim in JWT does not exist',
}

/** Whose end ended a token, where clients are told of another than the session's. */
const ends: Readonly<Record<string, Denial>> = {
  user: { status: 403, code: 'user_not_found', message: 'User from sub claim in JWT does not exist' },
  'user banned': { status: 403, code: 'user_banned', message: 'User is banned' },
  'user disabled': { status: 403, code: 'user_banned', message: 'User is banned' },
}

/** What is refused of tokens, sessions and permissions. */
export const tokenSpellings: Spellings<TokenReason> = {
  refresh_token_invalid: unknown,
  refresh_token_expired: {
    status: 400,
    code: 'session_expired',
    message: 'Invalid Refresh Token: Session Expired',
  },
  refresh_token_reused: {
    status: 400,
    code: 'refresh_token_already_used',
    message: 'Invalid Refresh Token: Already Used',
  },
  session_revoked: unknown,
  session_unwritten: notHere(),
  session_not_found: gone,
  access_token_invalid: badToken('invalid JWT: unable to parse or verify signature'),
  access_token_expired: badToken('invalid JWT: unable to parse or verify signature, token is expired'),
  token_revoked: ({ kind }) => ends[kind] ?? gone,
  presented_token_invalid: notHere(),
  delegation_too_deep: notHere(),
  rate_limited: ({ state }) => ({
    status: 429,
    code: 'over_request_rate_limit',
    message: 'Request rate limit reached',
    headers: refusedLimitHeaders(state),
  }),
  quota_exhausted: { status: 429, code: 'over_request_rate_limit', message: 'Request rate limit reached' },
  revocations_stale: {
    status: 503,
    code: 'unexpected_failure',
    message: 'The gateway cannot tell whether this token has been revoked',
    headers: { 'Retry-After': '2' },
  },
  permission_missing: { status: 403, code: 'not_admin', message: 'User not allowed' },
  permissions_not_held: { status: 403, code: 'not_admin', message: 'User not allowed' },
  audience_unknown: notHere(),
  lifetime_too_long: notHere(),
  cursor_invalid: notHere(),
}

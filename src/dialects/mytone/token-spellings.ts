import { challenge } from '../../http/challenge.ts'
import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import { notHere, type Spellings, tokenRefused } from './spelling.ts'

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
  | 'revocations_stale'
  | 'permission_missing'
  | 'permissions_not_held'
  | 'audience_unknown'
  | 'lifetime_too_long'
  | 'cursor_invalid'

/** What is refused of tokens, sessions and permissions. */
export const tokenSpellings: Spellings<TokenReason> = {
  refresh_token_invalid: tokenRefused('Invalid refresh token'),
  refresh_token_expired: tokenRefused('Refresh token expired'),
  refresh_token_reused: tokenRefused('Refresh token already used: the session has ended'),
  session_revoked: tokenRefused('Session ended'),
  session_unwritten: notHere(),
  session_not_found: notHere(404),
  access_token_invalid: tokenRefused('Could not validate credentials'),
  access_token_expired: tokenRefused('Token expired'),
  token_revoked: tokenRefused('Token revoked'),
  presented_token_invalid: notHere(),
  delegation_too_deep: notHere(),
  rate_limited: {
    status: 429,
    detail: 'Too Many Requests',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  revocations_stale: {
    status: 503,
    detail: 'Service Unavailable',
    headers: () => ({ 'Retry-After': '2' }),
  },
  permission_missing: {
    status: 403,
    detail: 'Not enough permissions',
    headers: ({ needed }) => ({ 'WWW-Authenticate': challenge('insufficient_scope', { scope: needed }) }),
  },
  permissions_not_held: { status: 403, detail: 'Not enough permissions' },
  audience_unknown: notHere(),
  lifetime_too_long: notHere(),
  cursor_invalid: notHere(),
}

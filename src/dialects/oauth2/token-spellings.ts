import { challenge } from '../../http/challenge.ts'
import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import { bearerRefused, notHere, type Spellings } from './spelling.ts'

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

const grant = (description: string) => ({ status: 400, error: 'invalid_grant', description }) as const

/** What is refused of tokens, sessions and permissions. */
export const tokenSpellings: Spellings<TokenReason> = {
  refresh_token_invalid: grant('This refresh token is not valid for this client.'),
  refresh_token_expired: grant('This refresh token has expired.'),
  refresh_token_reused: grant('This refresh token had been replaced already, so its session has been ended.'),
  session_revoked: grant('The session of this refresh token has been ended.'),
  session_unwritten: {
    status: 503,
    error: 'temporarily_unavailable',
    description:
      'This session was opened while the database was away, and is not written yet. Try again shortly.',
    headers: () => ({ 'Retry-After': '2' }),
  },
  session_not_found: notHere(404),
  access_token_invalid: bearerRefused('This access token is not valid.'),
  access_token_expired: bearerRefused('This access token has expired.'),
  token_revoked: bearerRefused('This access token has been revoked.'),
  presented_token_invalid: {
    status: 400,
    error: 'invalid_request',
    description: ({ parameter }) => `${parameter}: this is not a live access token of this gateway.`,
  },
  delegation_too_deep: {
    status: 400,
    error: 'invalid_request',
    description: ({ maxDepth }) => `A token may descend from at most ${maxDepth} others.`,
  },
  rate_limited: {
    status: 429,
    error: 'temporarily_unavailable',
    description: 'Too many calls. Wait as long as Retry-After says.',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  revocations_stale: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The gateway cannot tell whether this token has been revoked. Try again shortly.',
    headers: () => ({ 'Retry-After': '2' }),
  },
  permission_missing: {
    status: 403,
    error: 'insufficient_scope',
    description: ({ needed }) => `This call needs ${needed}.`,
    headers: ({ needed }) => ({ 'WWW-Authenticate': challenge('insufficient_scope', { scope: needed }) }),
  },
  permissions_not_held: {
    status: 400,
    error: 'invalid_scope',
    description: 'Scope can only be narrowed, and some of this is not held.',
  },
  audience_unknown: {
    status: 400,
    error: 'invalid_target',
    description: 'Audience and resource can only be narrowed, and some of these are not to be had.',
  },
  lifetime_too_long: notHere(),
  cursor_invalid: notHere(),
}

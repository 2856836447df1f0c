import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import type { Spellings } from './spelling.ts'

type OneTimeReason =
  | 'one_time_code_invalid'
  | 'auth_code_unknown'
  | 'auth_code_expired'
  | 'code_verifier_wrong'
  | 'message_too_soon'
  | 'account_exists'
  | 'newcomer_refused'
  | 'anonymous_closed'
  | 'phone_invalid'
  | 'phone_unavailable'
  | 'contact_missing'

const notHere = { status: 400, code: 'invalid_request', message: 'The request is not valid.' } as const

/** What is refused of links and codes that another face sends. */
export const oneTimeSpellings: Spellings<OneTimeReason> = {
  one_time_code_invalid: notHere,
  auth_code_unknown: notHere,
  auth_code_expired: notHere,
  code_verifier_wrong: notHere,
  message_too_soon: {
    status: 429,
    code: 'rate_limited',
    message: 'Too many requests. Wait as long as Retry-After says.',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  account_exists: notHere,
  newcomer_refused: notHere,
  anonymous_closed: notHere,
  phone_invalid: notHere,
  phone_unavailable: notHere,
  contact_missing: notHere,
}

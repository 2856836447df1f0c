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

/** What is refused of links, of codes, and of those who come by them. */
export const oneTimeSpellings: Spellings<OneTimeReason> = {
  one_time_code_invalid: {
    status: 403,
    code: 'otp_expired',
    message: 'Token has expired or is invalid',
  },
  auth_code_unknown: {
    status: 404,
    code: 'flow_state_not_found',
    message: 'invalid flow state, no valid flow state found',
  },
  auth_code_expired: {
    status: 422,
    code: 'flow_state_expired',
    message: 'invalid flow state, flow state has expired',
  },
  code_verifier_wrong: {
    status: 400,
    code: 'bad_code_verifier',
    message: 'code challenge does not match previously saved code verifier',
  },
  message_too_soon: ({ kind, state }) => ({
    status: 429,
    code: kind === 'email' ? 'over_email_send_rate_limit' : 'over_sms_send_rate_limit',
    message: `For security purposes, you can only request this after ${state.resetSeconds} seconds.`,
    headers: refusedLimitHeaders(state),
  }),
  account_exists: { status: 422, code: 'user_already_exists', message: 'User already registered' },
  newcomer_refused: { status: 422, code: 'otp_disabled', message: 'Signups not allowed for otp' },
  anonymous_closed: {
    status: 422,
    code: 'anonymous_provider_disabled',
    message: 'Anonymous sign-ins are disabled',
  },
  phone_invalid: {
    status: 400,
    code: 'validation_failed',
    message: 'Invalid phone number format (E.164 required)',
  },
  phone_unavailable: { status: 400, code: 'phone_provider_disabled', message: 'Phone signups are disabled' },
  contact_missing: {
    status: 400,
    code: 'validation_failed',
    message: 'Reauthentication requires the user to have an email or a phone number',
  },
}

import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import type { Denial } from './deny.ts'
import { notHere, type Spellings } from './spelling.ts'

type AccountReason =
  | 'credentials_invalid'
  | 'login_delayed'
  | 'email_unconfirmed'
  | 'password_reset_due'
  | 'user_disabled'
  | 'user_deleted'
  | 'user_banned'
  | 'registration_closed'
  | 'username_taken'
  | 'email_invalid'
  | 'email_unchanged'
  | 'username_invalid'
  | 'password_unacceptable'
  | 'one_time_token_invalid'
  | 'person_needed'
  | 'anonymous_refused'
  | 'last_admin'
  | 'user_not_found'
  | 'user_not_current'
  | 'not_on_oneself'
  | 'email_taken'
  | 'user_id_taken'
  | 'password_hash_unusable'
  | 'captcha_required'
  | 'captcha_failed'
  | 'captcha_unavailable'

const wrong: Denial = { status: 400, code: 'invalid_credentials', message: 'Invalid login credentials' }
const captchaFailed: Denial = {
  status: 400,
  code: 'captcha_failed',
  message: 'captcha protection: request disallowed',
}
const banned: Denial = { status: 400, code: 'user_banned', message: 'User is banned' }

/** What is refused of people and their accounts. */
export const accountSpellings: Spellings<AccountReason> = {
  credentials_invalid: wrong,
  login_delayed: ({ state }) => ({
    status: 429,
    code: 'over_request_rate_limit',
    message: 'Request rate limit reached',
    headers: refusedLimitHeaders(state),
  }),
  email_unconfirmed: { status: 400, code: 'email_not_confirmed', message: 'Email not confirmed' },
  password_reset_due: { ...wrong, message: 'This password may not be used any more: ask for a new one' },
  user_disabled: banned,
  user_deleted: wrong,
  user_banned: banned,
  captcha_required: { ...captchaFailed, message: `${captchaFailed.message} (no captcha_token found)` },
  captcha_failed: captchaFailed,
  captcha_unavailable: {
    status: 503,
    code: 'unexpected_failure',
    message: 'captcha verification process failed',
  },
  registration_closed: {
    status: 422,
    code: 'signup_disabled',
    message: 'Signups not allowed for this instance',
  },
  username_taken: notHere(409),
  email_invalid: {
    status: 400,
    code: 'validation_failed',
    message: 'Unable to validate email address: invalid format',
  },
  email_unchanged: notHere(),
  username_invalid: notHere(),
  password_unacceptable: ({ problem, minLength }) => passwordDenials(minLength)[problem],
  one_time_token_invalid: {
    status: 403,
    code: 'otp_expired',
    message: 'Email link is invalid or has expired',
  },
  // An API key, or a token of one: nobody has signed in.
  person_needed: { status: 403, code: 'bad_jwt', message: 'invalid claim: missing sub claim' },
  anonymous_refused: {
    status: 403,
    code: 'no_authorization',
    message: 'This is not for anonymous users',
  },
  last_admin: notHere(409),
  user_not_found: { status: 404, code: 'user_not_found', message: 'User not found' },
  user_not_current: notHere(409),
  not_on_oneself: notHere(409),
  email_taken: {
    status: 422,
    code: 'email_exists',
    message: 'A user with this email address has already been registered',
  },
  user_id_taken: { status: 422, code: 'user_already_exists', message: 'A user with this id already exists' },
  password_hash_unusable: ({ problem }) => ({
    status: 400,
    code: 'validation_failed',
    message: `Password hash cannot be used: ${problem}`,
  }),
}

const passwordDenials = (minLength: number) =>
  ({
    too_short: weak('length', `Password should be at least ${minLength} characters.`),
    too_long: {
      status: 400,
      code: 'validation_failed',
      message: 'Password cannot be longer than 72 characters',
    },
    malformed: { status: 400, code: 'validation_failed', message: 'Signup requires a valid password' },
    common: weak('pwned', 'Password is known to be weak and easy to guess, please choose a different one.'),
    context_word: weak('pwned', 'Password is easy to guess, please choose a different one.'),
    unchanged: {
      status: 422,
      code: 'same_password',
      message: 'New password should be different from the old password.',
    },
  }) as const satisfies Record<string, Denial>

function weak(reason: 'length' | 'pwned', message: string) {
  return { status: 422, code: 'weak_password', message, reasons: [reason] } as const
}

import { type PasswordProblem, passwordMaxLength } from '../../core/accounts/password-rules.ts'
import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import type { FieldProblem } from '../../http/refusal.ts'
import { challenged, notHere, type Spellings, tokenRefused } from './spelling.ts'
import { tooLong, tooShort } from './string-problems.ts'

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
  | 'email_taken'
  | 'captcha_required'
  | 'captcha_failed'
  | 'captcha_unavailable'
  | 'email_invalid'
  | 'email_unchanged'
  | 'username_invalid'
  | 'password_unacceptable'
  | 'one_time_token_invalid'
  | 'person_needed'
  | 'reauthentication_failed'
  | 'last_admin'
  | 'second_factor_required'

export const invalidEmail = 'value is not a valid email address'
export const invalidUsername = 'From 3 to 32 of a to z, 0 to 9, and . _ - between two of them'

const passwordProblems: Readonly<
  Record<PasswordProblem['rule'] | 'unchanged', (minLength: number) => Omit<FieldProblem, 'field'>>
> = {
  too_short: tooShort,
  too_long: () => tooLong(passwordMaxLength),
  malformed: () => ({ message: 'Input should be well-formed text', code: 'string_unicode' }),
  common: () => ({ message: 'This password is among the first that are tried', code: 'value_error' }),
  context_word: () => ({
    message: 'Not the address or the name of the account, nor that of the service',
    code: 'value_error',
  }),
  unchanged: () => ({ message: 'Not the password of before', code: 'value_error' }),
}

/** What is refused of people and their accounts. */
export const accountSpellings: Spellings<AccountReason> = {
  credentials_invalid: challenged('Incorrect identifier or password'),
  login_delayed: {
    status: 429,
    detail: 'Too many failed attempts',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  email_unconfirmed: { status: 403, detail: 'Email address not confirmed' },
  password_reset_due: { status: 403, detail: 'Password reset required' },
  user_disabled: tokenRefused('Account disabled'),
  user_deleted: tokenRefused('Account deleted'),
  user_banned: tokenRefused('Account disabled'),
  registration_closed: { status: 403, detail: 'Registration is closed' },
  username_taken: { status: 409, detail: 'Username already taken' },
  email_taken: { status: 409, detail: 'Email already registered' },
  captcha_required: { status: 400, detail: 'Captcha required' },
  captcha_failed: { status: 403, detail: 'Captcha not passed' },
  captcha_unavailable: {
    status: 503,
    detail: 'Captcha cannot be checked right now',
    headers: () => ({ 'Retry-After': '10' }),
  },
  email_invalid: {
    status: 422,
    detail: () => [{ field: 'email', message: invalidEmail, code: 'value_error' }],
  },
  email_unchanged: notHere(),
  username_invalid: {
    status: 422,
    detail: () => [{ field: 'username', message: invalidUsername, code: 'value_error' }],
  },
  password_unacceptable: {
    status: 422,
    detail: ({ problem, minLength }) => [{ field: 'password', ...passwordProblems[problem](minLength) }],
  },
  one_time_token_invalid: notHere(),
  person_needed: { status: 403, detail: 'Only for people who have signed in' },
  reauthentication_failed: notHere(),
  last_admin: notHere(409),
  second_factor_required: {
    status: 403,
    detail: ({ by }) => (by === 'code' ? 'Second factor required' : 'Second factor must be set up'),
  },
}

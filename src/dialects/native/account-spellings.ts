import { type PasswordProblem, passwordMaxLength } from '../../core/accounts/password-rules.ts'
import { refusedLimitHeaders } from '../../http/limit-headers.ts'
import { challenged, type Spellings, tokenChallenged } from './spelling.ts'

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
  | 'captcha_required'
  | 'captcha_failed'
  | 'captcha_unavailable'
  | 'email_invalid'
  | 'email_unchanged'
  | 'username_invalid'
  | 'password_unacceptable'
  | 'one_time_token_invalid'
  | 'person_needed'
  | 'anonymous_refused'
  | 'reauthentication_failed'
  | 'last_admin'

const passwordProblems: Readonly<
  Record<PasswordProblem['rule'] | 'unchanged', (minLength: number) => string>
> = {
  too_short: (minLength) => `At least ${minLength} characters.`,
  too_long: () => `At most ${passwordMaxLength} characters.`,
  malformed: () => 'Well-formed text.',
  common: () => 'This password is among the first that are tried.',
  context_word: () => 'Not the address or the name of the account, nor that of the service.',
  unchanged: () => 'Not the password of before.',
}

/** What is refused of people and their accounts. */
export const accountSpellings: Spellings<AccountReason> = {
  credentials_invalid: {
    status: 401,
    code: 'invalid_credentials',
    message: 'This identifier and password do not go together.',
    headers: challenged,
  },
  login_delayed: {
    status: 429,
    code: 'login_delayed',
    message: 'Too many attempts have failed. Wait as long as Retry-After says.',
    headers: ({ state }) => refusedLimitHeaders(state),
  },
  email_unconfirmed: {
    status: 403,
    code: 'email_unconfirmed',
    message: 'The address of this account has to be confirmed first: follow the link that was mailed to it.',
  },
  password_reset_due: {
    status: 403,
    code: 'password_reset_due',
    message: 'This password may not be used any more. Ask for a link to set a new one.',
  },
  user_disabled: {
    status: 401,
    code: 'user_disabled',
    message: 'This account is disabled.',
    headers: tokenChallenged,
  },
  user_deleted: {
    status: 401,
    code: 'user_deleted',
    message: 'This account has been deleted. An administrator can restore it for a while.',
    headers: tokenChallenged,
  },
  user_banned: {
    status: 403,
    code: 'user_banned',
    message: 'This account is banned for now.',
  },
  registration_closed: {
    status: 403,
    code: 'registration_closed',
    message: 'Nobody can register here by themselves.',
  },
  username_taken: { status: 409, code: 'username_taken', message: 'Another account has this user name.' },
  captcha_required: {
    status: 400,
    code: 'captcha_required',
    message: 'The captcha has to be solved first.',
    details: () => [{ field: 'captcha_token', message: 'The answer that the captcha gave is needed.' }],
  },
  captcha_failed: {
    status: 403,
    code: 'captcha_failed',
    message: 'The captcha was not passed, or its answer has been used. Solve it again.',
    details: () => [{ field: 'captcha_token', message: 'A fresh answer is needed.' }],
  },
  captcha_unavailable: {
    status: 503,
    code: 'captcha_unavailable',
    message: 'The captcha cannot be checked right now. Try again shortly.',
    headers: () => ({ 'Retry-After': '10' }),
  },
  email_invalid: {
    status: 422,
    code: 'invalid_fields',
    message: 'Some fields are not valid.',
    details: () => [{ field: 'email', message: 'This is not an address that mail can be sent to.' }],
  },
  email_unchanged: {
    status: 422,
    code: 'invalid_fields',
    message: 'Some fields are not valid.',
    details: () => [{ field: 'email', message: 'This is the address of the account already.' }],
  },
  username_invalid: {
    status: 422,
    code: 'invalid_fields',
    message: 'Some fields are not valid.',
    details: () => [
      { field: 'username', message: 'From 3 to 32 of a to z, 0 to 9, and . _ - between two of them.' },
    ],
  },
  password_unacceptable: {
    status: 422,
    code: 'password_unacceptable',
    message: 'This password cannot be chosen.',
    details: ({ problem, minLength, field }) => [
      { field, message: passwordProblems[problem](minLength), code: problem },
    ],
  },
  one_time_token_invalid: {
    status: 401,
    code: 'invalid_link',
    message:
      'This link is not valid any more: it has been used, it has expired, or a newer one took its place.',
    headers: challenged,
  },
  person_needed: {
    status: 403,
    code: 'person_needed',
    message: 'This is for people who have signed in: an API key has no account.',
  },
  anonymous_refused: {
    status: 403,
    code: 'person_needed',
    message: 'This is for people who have said who they are.',
  },
  reauthentication_failed: {
    status: 403,
    code: 'reauthentication_failed',
    message: 'This is not what only the owner of the account can know.',
    details: ({ field }) => [{ field, message: `The ${field.replace('_', ' ')} is wrong.` }],
  },
  last_admin: {
    status: 409,
    code: 'last_admin',
    message:
      'Without this account nobody could administer the others: make somebody else an administrator first.',
  },
}

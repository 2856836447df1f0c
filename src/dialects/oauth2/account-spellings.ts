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

/** What is refused of people, who sign in at another face. */
export const accountSpellings: Spellings<AccountReason> = {
  credentials_invalid: notHere(),
  login_delayed: notHere(),
  email_unconfirmed: notHere(),
  password_reset_due: notHere(),
  user_disabled: notHere(),
  user_deleted: notHere(),
  user_banned: notHere(),
  registration_closed: notHere(),
  username_taken: notHere(409),
  captcha_required: notHere(),
  captcha_failed: notHere(),
  captcha_unavailable: notHere(),
  email_invalid: notHere(),
  email_unchanged: notHere(),
  username_invalid: notHere(),
  password_unacceptable: notHere(),
  one_time_token_invalid: notHere(),
  person_needed: notHere(),
  anonymous_refused: notHere(),
  reauthentication_failed: notHere(),
  last_admin: notHere(409),
}

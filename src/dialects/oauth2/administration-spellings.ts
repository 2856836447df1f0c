import { notHere, type Spellings } from './spelling.ts'

type AdministrationReason =
  | 'role_not_found'
  | 'role_name_taken'
  | 'role_built_in'
  | 'role_in_use'
  | 'user_not_found'
  | 'user_not_current'
  | 'not_on_oneself'
  | 'email_taken'
  | 'user_id_taken'
  | 'password_hash_unusable'
  | 'secret_key_in_browser'

/** What is refused of roles and people, who are looked after at another face. */
export const administrationSpellings: Spellings<AdministrationReason> = {
  role_not_found: notHere(404),
  role_name_taken: notHere(409),
  role_built_in: notHere(409),
  role_in_use: notHere(409),
  user_not_found: notHere(404),
  user_not_current: notHere(409),
  not_on_oneself: notHere(409),
  email_taken: notHere(409),
  user_id_taken: notHere(409),
  password_hash_unusable: notHere(),
  secret_key_in_browser: notHere(),
}

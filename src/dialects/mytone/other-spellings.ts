import type { FailureReason } from '../../core/failure.ts'
import type { accountSpellings } from './account-spellings.ts'
import { notHere, type Spellings, tokenRefused } from './spelling.ts'
import type { tokenSpellings } from './token-spellings.ts'

/** The token of a machine whose key or client is no longer good. */
const keyRefused = tokenRefused('Could not validate credentials')

/** What is refused of keys, clients, roles, telephones and second factors, which are looked after at another face. */
export const otherSpellings: Spellings<
  Exclude<FailureReason, keyof typeof tokenSpellings | keyof typeof accountSpellings>
> = {
  api_key_invalid: keyRefused,
  api_key_expired: keyRefused,
  api_key_revoked: keyRefused,
  api_key_disabled: keyRefused,
  api_key_retired: keyRefused,
  client_disabled: keyRefused,
  address_not_allowed: { status: 403, detail: 'Not allowed from this address' },
  quota_exhausted: { status: 403, detail: 'Quota used up' },
  client_not_found: notHere(404),
  client_name_taken: notHere(409),
  key_not_found: notHere(404),
  key_not_current: notHere(409),
  own_keys_too_many: notHere(409),
  key_in_use: notHere(409),
  overlap_too_long: notHere(),
  cidr_invalid: notHere(),
  idempotency_key_reused: notHere(409),
  permissions_exceed_client: notHere(),
  expires_at_past: notHere(),
  signing_key_unusable: notHere(),
  signing_key_known: notHere(409),
  signing_key_not_found: notHere(404),
  signing_key_only_active: notHere(409),
  challenge_invalid: notHere(),
  method_not_offered: notHere(),
  code_invalid: notHere(),
  factor_not_found: notHere(404),
  factor_known: notHere(409),
  factors_too_many: notHere(409),
  role_not_found: notHere(404),
  role_name_taken: notHere(409),
  role_built_in: notHere(409),
  role_in_use: notHere(409),
  user_not_found: notHere(404),
  user_not_current: notHere(409),
  not_on_oneself: notHere(409),
  anonymous_refused: { status: 403, detail: 'Only for people who have signed in' },
  account_exists: notHere(409),
  anonymous_closed: notHere(),
  auth_code_expired: notHere(),
  auth_code_unknown: notHere(),
  challenge_elsewhere: notHere(),
  challenge_expired: notHere(),
  code_verifier_wrong: notHere(),
  contact_missing: notHere(),
  factor_name_taken: notHere(409),
  message_too_soon: notHere(),
  metadata_too_large: notHere(),
  newcomer_refused: notHere(),
  one_time_code_invalid: notHere(),
  password_without_contact: notHere(),
  phone_invalid: notHere(),
  phone_taken: notHere(409),
  phone_unavailable: notHere(),
  reauthentication_needed: notHere(),
}

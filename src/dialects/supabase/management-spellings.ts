import type { Denial } from './deny.ts'
import { notHere, type Spellings } from './spelling.ts'

type ManagementReason =
  | 'api_key_invalid'
  | 'api_key_expired'
  | 'api_key_revoked'
  | 'api_key_retired'
  | 'api_key_disabled'
  | 'client_disabled'
  | 'address_not_allowed'
  | 'permissions_exceed_client'
  | 'expires_at_past'
  | 'client_not_found'
  | 'client_name_taken'
  | 'key_not_found'
  | 'key_not_current'
  | 'own_keys_too_many'
  | 'key_in_use'
  | 'overlap_too_long'
  | 'cidr_invalid'
  | 'idempotency_key_reused'
  | 'signing_key_unusable'
  | 'signing_key_known'
  | 'signing_key_not_found'
  | 'signing_key_only_active'
  | 'role_not_found'
  | 'role_name_taken'
  | 'role_built_in'
  | 'role_in_use'
  | 'secret_key_in_browser'

/** A key that is not good any more, of whoever comes with one: as upstream says of a bad key. */
const keyRefused: Denial = { status: 403, code: 'bad_jwt', message: 'Invalid API key' }

/** What is refused of API keys, and of what is managed at another face. */
export const managementSpellings: Spellings<ManagementReason> = {
  api_key_invalid: keyRefused,
  api_key_expired: keyRefused,
  api_key_revoked: keyRefused,
  api_key_retired: keyRefused,
  api_key_disabled: keyRefused,
  client_disabled: keyRefused,
  address_not_allowed: { status: 403, code: 'not_admin', message: 'User not allowed' },
  permissions_exceed_client: notHere(),
  expires_at_past: notHere(),
  client_not_found: notHere(404),
  client_name_taken: notHere(409),
  key_not_found: notHere(404),
  key_not_current: notHere(409),
  own_keys_too_many: notHere(409),
  key_in_use: notHere(409),
  overlap_too_long: notHere(),
  cidr_invalid: notHere(),
  idempotency_key_reused: notHere(409),
  signing_key_unusable: notHere(),
  signing_key_known: notHere(409),
  signing_key_not_found: notHere(404),
  signing_key_only_active: notHere(409),
  role_not_found: notHere(),
  role_name_taken: notHere(409),
  role_built_in: notHere(409),
  role_in_use: notHere(409),
  secret_key_in_browser: {
    status: 401,
    code: 'no_authorization',
    message:
      'Forbidden use of a secret API key in a browser: revoke this key, whoever has the page has it too',
  },
}

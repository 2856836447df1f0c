import type { FailureReason } from '../../core/failure.ts'
import type { accountChangeSpellings } from './account-change-spellings.ts'
import type { accountSpellings } from './account-spellings.ts'
import type { administrationSpellings } from './administration-spellings.ts'
import type { oneTimeSpellings } from './one-time-spellings.ts'
import type { secondFactorSpellings } from './second-factor-spellings.ts'
import { clientUnknown, notHere, type Spellings } from './spelling.ts'
import type { tokenSpellings } from './token-spellings.ts'

/** What is refused of keys and clients. */
export const keySpellings: Spellings<
  Exclude<
    FailureReason,
    | keyof typeof tokenSpellings
    | keyof typeof accountChangeSpellings
    | keyof typeof accountSpellings
    | keyof typeof administrationSpellings
    | keyof typeof secondFactorSpellings
    | keyof typeof oneTimeSpellings
  >
> = {
  api_key_invalid: clientUnknown('This client, or its secret, is not valid.'),
  api_key_expired: clientUnknown('The API key of this client has expired.'),
  api_key_revoked: clientUnknown('The API key of this client has been revoked.'),
  api_key_disabled: clientUnknown('The API key of this client is disabled.'),
  api_key_retired: clientUnknown('The API key of this client was rotated, and its overlap is over.'),
  client_disabled: clientUnknown('This client is disabled.'),
  address_not_allowed: {
    status: 400,
    error: 'unauthorized_client',
    description: 'The API key may not be used from this address.',
  },
  quota_exhausted: {
    status: 400,
    error: 'unauthorized_client',
    description: 'The quota of the API key is used up.',
  },
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
}

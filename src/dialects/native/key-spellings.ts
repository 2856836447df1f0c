import { challenged, type Spellings } from './spelling.ts'

type KeyReason =
  | 'api_key_invalid'
  | 'api_key_expired'
  | 'api_key_revoked'
  | 'api_key_disabled'
  | 'api_key_retired'
  | 'address_not_allowed'
  | 'client_disabled'
  | 'client_not_found'
  | 'client_name_taken'
  | 'key_not_found'
  | 'key_not_current'
  | 'own_keys_too_many'
  | 'key_in_use'
  | 'overlap_too_long'
  | 'cidr_invalid'
  | 'idempotency_key_reused'
  | 'permissions_exceed_client'
  | 'expires_at_past'
  | 'quota_exhausted'

/** What is refused of keys and clients. */
export const keySpellings: Spellings<KeyReason> = {
  api_key_invalid: {
    status: 401,
    code: 'invalid_api_key',
    message: 'This API key is not valid.',
    headers: challenged,
  },
  api_key_expired: {
    status: 401,
    code: 'api_key_expired',
    message: 'This API key has expired.',
    headers: challenged,
  },
  api_key_revoked: {
    status: 401,
    code: 'api_key_revoked',
    message: 'This API key has been revoked.',
    headers: challenged,
  },
  api_key_disabled: {
    status: 401,
    code: 'api_key_disabled',
    message: 'This API key is disabled.',
    headers: challenged,
  },
  api_key_retired: {
    status: 401,
    code: 'api_key_retired',
    message: 'This API key was rotated, and its overlap with its successor is over.',
    headers: challenged,
  },
  address_not_allowed: {
    status: 403,
    code: 'address_not_allowed',
    message: 'This API key may not be used from this address.',
  },
  client_disabled: {
    status: 401,
    code: 'client_disabled',
    message: 'The client of this API key is disabled.',
    headers: challenged,
  },
  client_not_found: { status: 404, code: 'client_not_found', message: 'There is no such client.' },
  client_name_taken: { status: 409, code: 'client_name_taken', message: 'Another client has this name.' },
  key_not_found: { status: 404, code: 'key_not_found', message: 'There is no such key.' },
  key_not_current: {
    status: 409,
    code: 'key_not_current',
    message: 'The key is not in a state that allows this.',
    details: ({ state }) => [{ field: 'state', message: `The key is ${state}.` }],
  },
  own_keys_too_many: {
    status: 409,
    code: 'own_keys_too_many',
    message: 'You have as many keys of your own as there can be.',
    details: ({ max }) => [{ field: '', message: `At most ${max}.` }],
  },
  key_in_use: {
    status: 409,
    code: 'key_in_use',
    message: 'The key is still in use. Find its users first, or force it.',
    details: ({ lastUsedAt }) => [{ field: 'force', message: `Last used at ${lastUsedAt.toISOString()}.` }],
  },
  overlap_too_long: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: ({ overlapMaxSeconds }) => [
      { field: 'overlap_seconds', message: `At most ${overlapMaxSeconds}.` },
    ],
  },
  cidr_invalid: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: () => [{ field: 'allowed_cidrs', message: 'A network looks like 10.0.0.0/8 or 2001:db8::/32.' }],
  },
  idempotency_key_reused: {
    status: 409,
    code: 'idempotency_key_reused',
    message: 'This Idempotency-Key came with another request before. Use a fresh one.',
  },
  permissions_exceed_client: {
    status: 400,
    code: 'permissions_exceed_client',
    message: 'A key cannot have permissions that its client lacks.',
    details: ({ permissions }) =>
      permissions.map((name) => ({ field: 'permissions', message: `The client lacks ${name}.` })),
  },
  expires_at_past: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: () => [{ field: 'expires_at', message: 'This time has passed.' }],
  },
  quota_exhausted: {
    status: 403,
    code: 'quota_exhausted',
    message: 'The quota of this API key is used up.',
    details: ({ quota }) => [{ field: 'quota', message: `${quota} calls have been made.` }],
  },
}

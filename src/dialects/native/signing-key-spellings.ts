import type { Spellings } from './spelling.ts'

type SigningKeyReason =
  | 'signing_key_unusable'
  | 'signing_key_known'
  | 'signing_key_not_found'
  | 'signing_key_only_active'

/** What is refused of signing keys. */
export const signingKeySpellings: Spellings<SigningKeyReason> = {
  signing_key_unusable: {
    status: 400,
    code: 'signing_key_unusable',
    message: 'This key cannot be used.',
    details: ({ problem }) => [{ field: '', message: problem }],
  },
  signing_key_known: {
    status: 409,
    code: 'signing_key_known',
    message: 'This signing key is here already, or has been. One that is gone does not come back.',
    details: ({ state, kid }) => [{ field: 'kid', message: `${kid} is ${state}.` }],
  },
  signing_key_not_found: {
    status: 404,
    code: 'signing_key_not_found',
    message: 'There is no such signing key.',
  },
  signing_key_only_active: {
    status: 409,
    code: 'signing_key_only_active',
    message:
      'No other key signs. Rotate first; in an emergency rotate with "now", which ends this one at once.',
  },
}

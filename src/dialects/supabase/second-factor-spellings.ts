import type { Denial } from './deny.ts'
import { notHere, type Spellings } from './spelling.ts'

type SecondFactorReason =
  | 'second_factor_required'
  | 'challenge_invalid'
  | 'challenge_expired'
  | 'challenge_elsewhere'
  | 'method_not_offered'
  | 'code_invalid'
  | 'factor_not_found'
  | 'factor_known'
  | 'factor_name_taken'
  | 'factors_too_many'

const nameTaken: Denial = {
  status: 422,
  code: 'mfa_factor_name_conflict',
  message: 'A factor with this friendly name already exists for this user',
}

/** What is refused of second factors. */
export const secondFactorSpellings: Spellings<SecondFactorReason> = {
  second_factor_required: {
    status: 401,
    code: 'insufficient_aal',
    message: 'AAL2 session is required to update email or password when MFA is enabled.',
  },
  challenge_invalid: {
    status: 422,
    code: 'mfa_factor_not_found',
    message: 'There is no such challenge of this factor',
  },
  challenge_expired: {
    status: 422,
    code: 'mfa_challenge_expired',
    message: 'This challenge is over: create a new one',
  },
  challenge_elsewhere: {
    status: 422,
    code: 'mfa_ip_address_mismatch',
    message: 'This challenge was used already, or was created from another address',
  },
  method_not_offered: notHere(),
  code_invalid: { status: 422, code: 'mfa_verification_failed', message: 'Invalid TOTP code entered' },
  factor_not_found: { status: 404, code: 'mfa_factor_not_found', message: 'Factor not found' },
  factor_known: nameTaken,
  factor_name_taken: nameTaken,
  factors_too_many: {
    status: 422,
    code: 'too_many_enrolled_mfa_factors',
    message: 'Maximum number of verified factors reached, unenroll to continue',
  },
}

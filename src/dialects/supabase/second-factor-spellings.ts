import { notHere, type Spellings } from './spelling.ts'

type SecondFactorReason =
  | 'second_factor_required'
  | 'challenge_invalid'
  | 'method_not_offered'
  | 'code_invalid'
  | 'factor_not_found'
  | 'factor_known'
  | 'factors_too_many'

/** What is refused of second factors. */
export const secondFactorSpellings: Spellings<SecondFactorReason> = {
  second_factor_required: {
    status: 401,
    code: 'insufficient_aal',
    message: 'AAL2 session is required to update email or password when MFA is enabled.',
  },
  challenge_invalid: {
    status: 422,
    code: 'mfa_challenge_expired',
    message: 'MFA challenge has expired, verify against another challenge or create a new challenge.',
  },
  method_not_offered: notHere(),
  code_invalid: { status: 422, code: 'mfa_verification_failed', message: 'Invalid TOTP code entered' },
  factor_not_found: { status: 404, code: 'mfa_factor_not_found', message: 'Factor not found' },
  factor_known: {
    status: 422,
    code: 'mfa_factor_name_conflict',
    message: 'A factor with this friendly name already exists for this user',
  },
  factors_too_many: {
    status: 422,
    code: 'too_many_enrolled_mfa_factors',
    message: 'Maximum number of verified factors reached, unenroll to continue',
  },
}

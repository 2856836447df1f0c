import { bearerRefused, notHere, type Spellings } from './spelling.ts'

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

/** What is refused of second factors, which people set up and show at another face. */
export const secondFactorSpellings: Spellings<SecondFactorReason> = {
  second_factor_required: bearerRefused('The session of this access token lacks a second factor.'),
  challenge_invalid: notHere(),
  challenge_expired: notHere(),
  challenge_elsewhere: notHere(),
  method_not_offered: notHere(),
  code_invalid: notHere(),
  factor_not_found: notHere(404),
  factor_known: notHere(409),
  factor_name_taken: notHere(409),
  factors_too_many: notHere(409),
}

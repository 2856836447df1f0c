import { challenged, type Spellings } from './spelling.ts'

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

const attemptOver = {
  status: 401,
  code: 'invalid_challenge',
  message: 'This attempt to sign in is over. Sign in again.',
  headers: challenged,
} as const

/** What is refused of second factors. */
export const secondFactorSpellings: Spellings<SecondFactorReason> = {
  second_factor_required: {
    status: 403,
    code: 'second_factor_required',
    message: 'This needs a second factor.',
    details: ({ by }) => [
      by === 'code'
        ? { field: 'code', message: 'A code of a second factor, or a recovery code, is needed.' }
        : { field: 'aal', message: 'Set a second factor up, then sign in with it.' },
    ],
  },
  challenge_invalid: attemptOver,
  challenge_expired: attemptOver,
  challenge_elsewhere: attemptOver,
  method_not_offered: {
    status: 400,
    code: 'invalid_request',
    message: 'The request is not valid.',
    details: () => [{ field: 'method', message: 'Use one of the methods of the challenge.' }],
  },
  code_invalid: {
    status: 401,
    code: 'invalid_code',
    message: 'This code is not valid, or has been used.',
    headers: challenged,
  },
  factor_not_found: { status: 404, code: 'factor_not_found', message: 'There is no such factor.' },
  factor_known: { status: 409, code: 'factor_known', message: 'This account has this factor already.' },
  factor_name_taken: {
    status: 409,
    code: 'factor_known',
    message: 'This account has a factor of this name already.',
  },
  factors_too_many: {
    status: 409,
    code: 'too_many_factors',
    message: 'This account has as many factors as there can be.',
    details: ({ max }) => [{ field: '', message: `At most ${max}.` }],
  },
}

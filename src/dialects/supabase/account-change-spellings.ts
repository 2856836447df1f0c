import type { Denial } from './deny.ts'
import type { Spellings } from './spelling.ts'

type AccountChangeReason =
  | 'reauthentication_needed'
  | 'reauthentication_failed'
  | 'phone_taken'
  | 'password_without_contact'
  | 'metadata_too_large'

/** Of a new password that is to be asked for with the one of before, or with a code. */
const needed: Readonly<Record<'current_password' | 'code', Denial>> = {
  current_password: {
    status: 400,
    code: 'current_password_required',
    message: 'A new password needs the current one',
  },
  code: {
    status: 400,
    code: 'reauthentication_needed',
    message: 'Password update requires reauthentication',
  },
}

const wrongPassword: Denial = {
  status: 400,
  code: 'current_password_invalid',
  message: 'The current password is not right',
}
const wrong: Readonly<Record<'password' | 'current_password' | 'code', Denial>> = {
  password: wrongPassword,
  current_password: wrongPassword,
  code: { status: 422, code: 'reauthentication_not_valid', message: 'Nonce has expired or is invalid' },
}

/** What is refused of changes of one's own account. */
export const accountChangeSpellings: Spellings<AccountChangeReason> = {
  reauthentication_needed: ({ field }) => needed[field],
  reauthentication_failed: ({ field }) => wrong[field],
  phone_taken: {
    status: 422,
    code: 'phone_exists',
    message: 'A user with this phone number has already been registered',
  },
  password_without_contact: {
    status: 422,
    code: 'validation_failed',
    message: 'An anonymous user needs an email or a phone number beside a password',
  },
  metadata_too_large: ({ maxLength }) => ({
    status: 400,
    code: 'validation_failed',
    message: `data: at most ${maxLength} characters of JSON with what there is`,
  }),
}

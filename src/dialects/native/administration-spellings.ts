import type { Spellings } from './spelling.ts'

type AdministrationReason =
  | 'role_not_found'
  | 'role_name_taken'
  | 'role_built_in'
  | 'role_in_use'
  | 'user_not_found'
  | 'user_not_current'
  | 'not_on_oneself'
  | 'email_taken'
  | 'user_id_taken'
  | 'password_hash_unusable'
  | 'secret_key_in_browser'

/** What only another face can run into. */
const notHere = { status: 400, code: 'invalid_request', message: 'The request is not valid.' } as const

/** What is refused of roles, and of people as administrators see them. */
export const administrationSpellings: Spellings<AdministrationReason> = {
  role_not_found: { status: 404, code: 'role_not_found', message: 'There is no such role.' },
  role_name_taken: { status: 409, code: 'role_name_taken', message: 'Another role has this name.' },
  role_built_in: {
    status: 409,
    code: 'role_built_in',
    message: 'This is a role that the gateway needs as it is.',
    details: ({ name }) => [{ field: 'name', message: `The role ${name} is built in.` }],
  },
  role_in_use: {
    status: 409,
    code: 'role_in_use',
    message: 'Some people have this role still. Give them another one first.',
  },
  user_not_found: { status: 404, code: 'user_not_found', message: 'There is no such user.' },
  user_not_current: {
    status: 409,
    code: 'user_not_current',
    message: 'The account is not in a state that allows this.',
    details: ({ state }) => [{ field: 'state', message: `The account is ${state}.` }],
  },
  not_on_oneself: {
    status: 409,
    code: 'not_on_oneself',
    message:
      'Nobody does this to their own account: take a factor of yours away with the password and a code, or ask another administrator.',
  },
  email_taken: { status: 409, code: 'email_taken', message: 'Another account has this address.' },
  user_id_taken: notHere,
  password_hash_unusable: notHere,
  secret_key_in_browser: notHere,
}

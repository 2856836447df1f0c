import { notHere, type Spellings } from './spelling.ts'

type AccountChangeReason =
  | 'reauthentication_needed'
  | 'phone_taken'
  | 'password_without_contact'
  | 'metadata_too_large'

/** What is refused of changes that people ask for at another face. */
export const accountChangeSpellings: Spellings<AccountChangeReason> = {
  reauthentication_needed: notHere(),
  phone_taken: notHere(),
  password_without_contact: notHere(),
  metadata_too_large: notHere(),
}

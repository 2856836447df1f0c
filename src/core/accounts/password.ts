import type { Failure } from '../failure.ts'
import type { Passwords } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'

/** The longest password, in characters: none is ever cut. */
export const passwordMaxLength = 1024

/** What is wrong with a password that somebody chose. */
export type PasswordProblem = 'too_short' | 'too_long' | 'not_text' | 'common' | 'personal' | 'unchanged'

/** A shorter word of the account is no part that a guess begins with. */
const WORD_MIN_LENGTH = 4

/**
 * Says whether a password may be chosen (NIST SP 800-63B-4 §3.1.1.2): by its length and by what is tried first, and not
 * by which characters it is made of. `words` are of the account and the service: its address, its name.
 */
export function admitPassword(
  passwords: Pick<Passwords, 'isCommon'>,
  password: string,
  { minLength, words }: { readonly minLength: number; readonly words: readonly (string | undefined)[] },
): Result<void, Failure> {
  const refuse = (problem: PasswordProblem): Result<never, Failure> =>
    fail({ reason: 'password_unacceptable', problem, minLength })
  // Halves of characters would be replaced on the way to the hash, and then one password would be as good as another.
  if (!password.isWellFormed()) return refuse('not_text')
  const length = [...password].length
  if (length < minLength) return refuse('too_short')
  if (length > passwordMaxLength) return refuse('too_long')
  if (passwords.isCommon(password)) return refuse('common')
  return isPersonal(password, words) ? refuse('personal') : ok(undefined)
}

/** A password that is a word of the account, with little beside it. */
function isPersonal(password: string, words: readonly (string | undefined)[]): boolean {
  const lower = password.toLowerCase()
  return words
    .flatMap((word) => [word, word?.split('@')[0]])
    .some((word) => {
      if (word === undefined || word.length < WORD_MIN_LENGTH) return false
      return lower.replaceAll(word.toLowerCase(), '').length < WORD_MIN_LENGTH
    })
}

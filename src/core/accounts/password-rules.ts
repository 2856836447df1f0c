import { fail, ok, type Result } from '../result.ts'
import type { CommonPasswords } from './passwords.ts'

/** The least that a password may have where it is all that a sign-in asks (NIST SP 800-63B-4 §3.1.1.2). */
export const passwordMinLengthAlone = 15

/** The least that a password may have where a second factor follows, and the least that any setting may ask. */
export const passwordMinLengthWithFactor = 8

/** The most, in code points: far above the 64 that must be taken, and no burden to the hash. */
export const passwordMaxLength = 1024

/** Why a password cannot be chosen. None of it tells anything of the password itself. */
export type PasswordProblem =
  | { readonly rule: 'malformed' }
  | { readonly rule: 'too_short'; readonly minLength: number }
  | { readonly rule: 'too_long'; readonly maxLength: number }
  | { readonly rule: 'common' }
  | { readonly rule: 'context_word' }

export interface PasswordRules {
  /** In code points, so that an emoji counts as the one thing that it is to whoever types it. */
  readonly minLength: number
  /** What anybody would guess of this person: `contextWords`. */
  readonly words: readonly string[]
  readonly common: CommonPasswords
}

/**
 * Judges a password that somebody wants to have. All of Unicode is allowed, spaces too, and nothing must be among it; the
 * password itself is never changed, here or later (NIST SP 800-63B-4 §3.1.1.2).
 */
export function judgePassword(password: string, rules: PasswordRules): Result<undefined, PasswordProblem> {
  // A lone surrogate has no UTF-8: two passwords that differ in it alone would have one hash.
  if (!password.isWellFormed()) return fail({ rule: 'malformed' })
  const length = [...password].length
  if (length < rules.minLength) return fail({ rule: 'too_short', minLength: rules.minLength })
  if (length > passwordMaxLength) return fail({ rule: 'too_long', maxLength: passwordMaxLength })
  const folded = fold(password)
  if (isCommon(folded, rules.common)) return fail({ rule: 'common' })
  if (isMostlyContext(folded, rules)) return fail({ rule: 'context_word' })
  return ok(undefined)
}

/** The words that a stranger would try for this person: the product's name, and theirs; of an address the whole and what is before the `@`. */
export function contextWords(own: readonly (string | undefined)[]): readonly string[] {
  const names = own.map((text = '') => fold(text.includes('@') ? text.slice(0, text.lastIndexOf('@')) : text))
  const addresses = own.flatMap((text) => (text?.includes('@') ? [fold(text)] : []))
  const pieces = names.flatMap((name) => [name, ...name.split(/[^\p{L}\p{N}]+/u)])
  const words = ['guichet', ...addresses, ...pieces].filter((word) => word.length >= WORD_MIN_LENGTH)
  return [...new Set(words)]
}

/** Shorter ones are found in anything: a person called Al may write "also". */
const WORD_MIN_LENGTH = 3

/** The shortest part that counts as a listed one: nearly every three letters are on the list by chance. */
const PART_MIN_LENGTH = 4

/** No list has longer ones; folding may make a text eighteen times as long, which is not to be searched to its end. */
const PART_MAX_LENGTH = 64

/** Only for comparing: the password that is hashed stays as it was received. */
function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase()
}

/**
 * On the list as a whole, or two of the list one after the other, as in `password12345678`: the list's own are short, and
 * this is how people make them long enough. A password that only contains one of the list is none of it.
 */
function isCommon(folded: string, common: CommonPasswords): boolean {
  if (common.has(folded)) return true
  const lastCut = Math.min(folded.length - PART_MIN_LENGTH, PART_MAX_LENGTH)
  for (let cut = PART_MIN_LENGTH; cut <= lastCut; cut++) {
    if (common.has(folded.slice(0, cut)) && common.has(folded.slice(cut))) return true
  }
  return false
}

/** More than half of it is such words, or what is left beside them is on the list itself. */
function isMostlyContext(folded: string, { words, common }: PasswordRules): boolean {
  const covered = new Set<number>()
  for (const word of words) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + word.length)) {
      for (let index = at; index < at + word.length; index++) covered.add(index)
    }
  }
  if (covered.size === 0) return false
  if (covered.size * 2 > folded.length) return true
  return common.has(
    [...Array(folded.length).keys()].map((index) => (covered.has(index) ? '' : folded[index])).join(''),
  )
}

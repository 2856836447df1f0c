import type { World } from '../ports.ts'

/** A code that stands in for a lost factor, once, as it is kept: only a keyed digest. */
export interface RecoveryCode {
  readonly id: string
  readonly userId: string
  readonly digest: string
  readonly createdAt: Date
  readonly usedAt: Date | undefined
}

const CODES = 10

/** What nobody takes for another one when it is read from paper: no 0, 1, i, l and o. Half of base62, so no letter is likelier. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz'

/** 24 letters of 31 are 118 bits: too many to be guessed, so a keyed digest may be a fast one. */
const LENGTH = 24

/** Makes a set of codes: the rows to keep, and the texts that are shown this once. */
export function mintRecoveryCodes(
  world: Pick<World, 'randomText' | 'newId' | 'vault'>,
  userId: string,
  now: Date,
): { readonly codes: readonly RecoveryCode[]; readonly texts: readonly string[] } {
  const bare = Array.from({ length: CODES }, () => letters(world.randomText(LENGTH)))
  const codes = bare.map((text) => ({
    id: world.newId(),
    userId,
    digest: world.vault.digest('recovery-code', bound(userId, text)),
    createdAt: now,
    usedAt: undefined,
  }))
  return { codes, texts: bare.map((text) => text.replace(/.{4}(?=.)/g, '$&-')) }
}

/** The code of a set that a text is; undefined when it is none. Case, hyphens and spaces do not count. */
export function matchRecoveryCode(
  { vault }: Pick<World, 'vault'>,
  {
    userId,
    codes,
    text,
  }: { readonly userId: string; readonly codes: readonly RecoveryCode[]; readonly text: string },
): RecoveryCode | undefined {
  const typed = text.toLowerCase().replace(/[\s-]/g, '')
  if (typed.length !== LENGTH) return undefined
  return codes.find(({ digest }) => vault.matches('recovery-code', bound(userId, typed), digest))
}

/** One person's code is none of another's, even if the rows are swapped. */
function bound(userId: string, text: string): string {
  return `${userId}.${text}`
}

/** Base62 has twice as many characters as there are letters: each letter stands for two of them. */
function letters(base62: string): string {
  return [...base62].map((character) => LETTERS[base62Index(character) % LETTERS.length]).join('')
}

function base62Index(character: string): number {
  const code = character.charCodeAt(0)
  if (code < 58) return code - 48
  return code < 91 ? code - 55 : code - 61
}

import type { World } from '../ports.ts'

/** How long a mailed code counts. */
export const mailedCodeLifetimeMs = 10 * 60_000

const DIGITS = 6

/** Six digits, to be read in a mail and typed: guessable but for the few tries that there are. */
export function mintMailedCode({ randomText }: Pick<World, 'randomText'>): string {
  let code = ''
  // Of base62 only the digits are taken, so that each is as likely as the others.
  while (code.length < DIGITS) code += randomText(32).replace(/\D/g, '')
  return code.slice(0, DIGITS)
}

/** The digest of a code that was mailed for one thing: a sign-in attempt, or a factor. It is none of another. */
export function mailedCodeDigest({ vault }: Pick<World, 'vault'>, forId: string, code: string): string {
  return vault.digest('mailed-code', `${forId}.${code}`)
}

/** Whether a code is the one that was mailed for `forId`. */
export function isMailedCode(
  { vault }: Pick<World, 'vault'>,
  { forId, code, digest }: { readonly forId: string; readonly code: string; readonly digest: string },
): boolean {
  return vault.matches('mailed-code', `${forId}.${code}`, digest)
}

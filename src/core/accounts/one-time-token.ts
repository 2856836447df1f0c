/** What a token from a mail is good for. It is good for nothing else. */
export const oneTimeTokenPurposes = [
  'email-confirm',
  'password-reset',
  'email-change',
  'email-undo',
  'invite',
] as const
export type OneTimeTokenPurpose = (typeof oneTimeTokenPurposes)[number]

/** A token that was mailed, as it is kept: only a keyed digest of its text. */
export interface OneTimeToken {
  readonly id: string
  readonly userId: string
  readonly purpose: OneTimeTokenPurpose
  readonly digest: string
  /** The address that it was mailed to, or that it is about. */
  readonly email: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly usedAt: Date | undefined
  /** Undefined where the token is too long to be guessed. */
  readonly attemptsLeft: number | undefined
}

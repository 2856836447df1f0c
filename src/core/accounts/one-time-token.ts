/** What a token from a mail is good for. It is good for nothing else. */
export const oneTimeTokenPurposes = [
  'email-confirm',
  'password-reset',
  'email-change',
  'email-undo',
  'invite',
  /** Six digits to prove a factor with, for somebody who is signed in. */
  'factor-code',
  'sign-up',
  'magic-link',
  'recovery',
  'supabase-invite',
  /** To the new address. */
  'supabase-email-change',
  /** To the address of before. */
  'supabase-email-change-current',
  /** Six digits that show who is at the screen. */
  'reauthentication',
  'phone-sign-in',
  'phone-change',
  /** What a client trades for tokens with its verifier (RFC 7636). */
  'auth-code',
] as const
export type OneTimeTokenPurpose = (typeof oneTimeTokenPurposes)[number]

export type CodeChallengeMethod = 'plain' | 's256'

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
  /** Undefined where the token is too long to be guessed, and no code counts as much. */
  readonly attemptsLeft: number | undefined
  /** Of six digits that count as much as the token. */
  readonly codeDigest: string | undefined
  /** The number that it was sent to, or that it is about. */
  readonly phone: string | undefined
  /** Of the client that asked: only its verifier trades what comes of it (RFC 7636 §4.2). */
  readonly codeChallenge: string | undefined
  readonly codeChallengeMethod: CodeChallengeMethod | undefined
  /** The way in that it is part of, as tokens name it. */
  readonly method: string | undefined
  /** Where the browser goes on; judged before it was kept. */
  readonly redirectTo: string | undefined
}

/** What most tokens have nothing of. */
export const noneBeside = {
  codeDigest: undefined,
  phone: undefined,
  codeChallenge: undefined,
  codeChallengeMethod: undefined,
  method: undefined,
  redirectTo: undefined,
} as const

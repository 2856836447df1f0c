/** By what somebody tried to sign in. */
export const signInMethods = [
  'password',
  'totp',
  'email',
  'recovery_code',
  'invite',
  'reset',
  'link',
  'sms',
  'anonymous',
] as const
export type SignInMethod = (typeof signInMethods)[number]

export const signInOutcomes = ['success', 'wrong', 'unconfirmed', 'refused', 'second_factor_due'] as const
export type SignInOutcome = (typeof signInOutcomes)[number]

/** One attempt to sign in, as its owner is shown it. */
export interface SignInRecord {
  readonly id: string
  /** Undefined where nobody has the identifier that was given. */
  readonly userId: string | undefined
  readonly at: Date
  readonly address: string | undefined
  readonly userAgent: string | undefined
  readonly method: SignInMethod
  readonly outcome: SignInOutcome
  readonly requestId: string | undefined
}

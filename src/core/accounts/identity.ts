/** By what a person is known to somebody else, as it was imported. */
export interface Identity {
  readonly id: string
  readonly userId: string
  /** As `google`; `email` and `phone` are ours. */
  readonly provider: string
  /** How the provider names the person. */
  readonly providerId: string
  readonly data: Readonly<Record<string, unknown>>
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly lastSignInAt: Date | undefined
}

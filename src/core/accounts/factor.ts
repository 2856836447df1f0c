/** What a second factor can be. */
export const factorKinds = ['totp', 'email'] as const
export type FactorKind = (typeof factorKinds)[number]

/** A second factor of a person; it counts from the moment that it is activated. */
export interface Factor {
  readonly id: string
  readonly userId: string
  readonly kind: FactorKind
  readonly name: string
  /** Undefined where there is none: a code that is mailed. */
  readonly sealedSecret: string | undefined
  readonly createdAt: Date
  readonly activatedAt: Date | undefined
  /** The last time step that a code was taken of. */
  readonly lastStep: number | undefined
}

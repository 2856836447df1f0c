/** A service account: the owner of keys, and the upper bound of what they may do. */
export interface Client {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAt: Date
  readonly disabledAt: Date | undefined
  /** Sessions and tokens from before this time are no longer good. */
  readonly notBefore: Date | undefined
  /** The person whose client it is; undefined for the operator's own. */
  readonly ownerId: string | undefined
}

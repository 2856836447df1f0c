/** What people of one kind may do. */
export interface Role {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly createdAt: Date
  /** One of ours, which can neither be renamed nor deleted. */
  readonly builtIn: boolean
  /** Whether its people must show a second factor. */
  readonly secondFactorRequired: boolean
  /** Counts its changes. */
  readonly version: number
}

/** The role that may do everything. The migration that made the table made it too. */
export const adminRoleName = 'admin'
/** The role of whoever registers. */
export const userRoleName = 'user'

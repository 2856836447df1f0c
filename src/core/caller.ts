import type { Principal } from './tokens/verify.ts'

/** Where a call comes from, as far as the runtime can vouch for it. */
export interface Caller {
  /** The client's address in its canonical form; undefined when the platform does not tell. */
  readonly address: string | undefined
  readonly userAgent: string | undefined
  readonly requestId: string
}

/** Who does something, and from where: what a permission is asked of and an audit event names. */
export interface Actor {
  readonly principal: Principal
  readonly caller: Caller
}

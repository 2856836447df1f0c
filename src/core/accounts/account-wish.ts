import type { Contact } from './contact.ts'
import type { LinkFlow } from './one-time-link.ts'

/** What somebody who is signed in wants changed of their account, as it was given; undefined leaves a thing as it is. */
export interface AccountWish {
  /** Each as it was given; one that the account has already is no change. */
  readonly email: Extract<Contact, { kind: 'email' }> | undefined
  readonly phone: Extract<Contact, { kind: 'phone' }> | undefined
  readonly password: string | undefined
  /** The one of before. */
  readonly currentPassword: string | undefined
  /** The code by which they show who is at the screen. */
  readonly code: string | undefined
  /** Laid over what there is; null takes a member away. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  readonly flow: LinkFlow
}

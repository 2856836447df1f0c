import type { World } from '../ports.ts'

/** What a mail says, by its kind; each is written from these facts when it is delivered. */
export interface MailFacts {
  /** To the owner of a new account: confirm the address by the link. */
  readonly 'email-confirm': { readonly token: string; readonly expiresAt: string }
  /** To the owner of an account: somebody tried to register with this address. */
  readonly 'email-known': object
  readonly 'password-reset': { readonly token: string; readonly expiresAt: string }
  readonly 'password-changed': { readonly at: string }
  /** To the new address: confirm the change by the link. */
  readonly 'email-change': { readonly token: string; readonly expiresAt: string }
  /** To the old address: somebody has asked for the change. */
  readonly 'email-change-asked': { readonly newEmail: string; readonly at: string }
  /** To the old address: it was changed; the link undoes it. */
  readonly 'email-changed': { readonly newEmail: string; readonly token: string; readonly expiresAt: string }
  /** To the new address: the owner has taken the change back. */
  readonly 'email-change-undone': { readonly at: string }
  readonly invite: { readonly token: string; readonly expiresAt: string }
  readonly 'sign-in-code': { readonly code: string; readonly expiresAt: string }
  readonly 'factor-code': { readonly code: string; readonly expiresAt: string }
  readonly 'factor-added': { readonly factor: string; readonly at: string }
  readonly 'factor-removed': { readonly factor: string; readonly at: string }
  readonly 'recovery-code-used': { readonly left: number; readonly at: string }
  readonly 'new-device': { readonly at: string; readonly address: string; readonly userAgent: string }
  readonly 'account-deleted': { readonly restorableUntil: string }
  readonly 'account-restored': object
}
export type MailKind = keyof MailFacts

/** A mail that a use case wants sent. */
export interface MailOrder<K extends MailKind = MailKind> {
  readonly kind: K
  readonly to: string
  readonly facts: MailFacts[K]
  readonly userId: string | undefined
  /** The recipient's language; undefined for the default one. */
  readonly locale: string | undefined
  /** A newer mail of the same key makes this one void while it is not sent: as `password-reset:<user id>`. */
  readonly voidKey: string | undefined
}

/** A mail in the outbox: what it says and to whom is sealed, since it holds links and codes. */
export interface QueuedMail {
  readonly id: string
  readonly userId: string | undefined
  readonly kind: MailKind
  readonly locale: string
  readonly sealedMessage: string
  readonly voidKey: string | undefined
  readonly createdAt: Date
  readonly nextAttemptAt: Date
  /** Set from the start in a decoy: a row that is written so that to mail nobody takes as long as to mail somebody. */
  readonly sentAt: Date | undefined
}

/** What is sealed in the outbox. */
export interface MailMessage<K extends MailKind = MailKind> {
  readonly to: string
  readonly facts: MailFacts[K]
}

const defaultLocale = 'en'

/** Makes the row of a mail. The store's verb that makes what it tells of inserts it, in the same transaction. */
export function queuedMail<K extends MailKind>(
  world: Pick<World, 'newId' | 'vault'>,
  { kind, to, facts, userId, locale, voidKey }: MailOrder<K>,
  now: Date,
): QueuedMail {
  const message: MailMessage<K> = { to, facts }
  return {
    id: world.newId(),
    userId,
    kind,
    locale: locale ?? defaultLocale,
    sealedMessage: world.vault.seal('mail', JSON.stringify(message)),
    voidKey,
    createdAt: now,
    nextAttemptAt: now,
    sentAt: undefined,
  }
}

/** The row of a mail that goes to nobody. */
export function decoyMail(world: Pick<World, 'newId' | 'vault'>, now: Date): QueuedMail {
  const order = { kind: 'email-known', to: '', facts: {}, userId: undefined, locale: undefined } as const
  return { ...queuedMail(world, { ...order, voidKey: undefined }, now), sentAt: now }
}

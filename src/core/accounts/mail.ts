import type { World } from '../ports.ts'

/** What a mail says, by its kind; each is written from these facts when it is delivered. */
export interface MailFacts {
  /** To the owner of a new account: confirm the address by the link. */
  readonly 'email-confirm': { readonly token: string; readonly expiresAt: string }
  /** To the owner of an account: somebody tried to register with this address. */
  readonly 'email-known': object
  readonly 'password-reset': { readonly token: string; readonly expiresAt: string }
  /** An administrator wants a new password. */
  readonly 'password-reset-required': { readonly token: string; readonly expiresAt: string }
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
  readonly 'recovery-codes-made': { readonly at: string }
  readonly 'recovery-code-used': { readonly left: number; readonly at: string }
  readonly 'new-device': { readonly at: string; readonly address: string; readonly userAgent: string }
  readonly 'account-deleted': { readonly restorableUntil: string }
  readonly 'account-restored': object
  /** To the owner of a new account: the link, or the code, confirms the address and signs in. */
  readonly 'sign-up': LinkFacts
  readonly 'magic-link': LinkFacts
  /** Signs in, so that a new password can be set. */
  readonly recovery: LinkFacts
  readonly 'supabase-invite': LinkFacts
  /** To the new address. */
  readonly 'supabase-email-change': LinkFacts
  /** To the address of before, where both must agree. */
  readonly 'supabase-email-change-current': LinkFacts & { readonly newEmail: string }
  readonly reauthentication: { readonly code: string; readonly expiresAt: string }
}

/** What goes to a telephone; it waits where mails wait, and leaves by the operator's webhook. */
export interface SmsFacts {
  readonly 'sms-code': { readonly code: string; readonly expiresAt: string; readonly channel: SmsChannel }
}

/** A link of a face whose links come to the gateway itself, and the six digits that count as much. */
export interface LinkFacts {
  readonly link: string
  readonly code: string
  readonly expiresAt: string
}

/** By what a message reaches a telephone. */
export type SmsChannel = 'sms' | 'whatsapp'

export type MailKind = keyof MailFacts

export interface MessageFacts extends MailFacts, SmsFacts {}
/** All that the outbox holds. */
export type MessageKind = keyof MessageFacts

/** A mail that a use case wants sent. */
export interface MailOrder<K extends MessageKind = MessageKind> {
  readonly kind: K
  /** Undefined for nobody: whoever has no address gets no mail. Digits where it is for a telephone. */
  readonly to: string | undefined
  /** Whom the mail greets, where its address is known to be theirs; a name that could be an advertisement is left out. */
  readonly name?: string | undefined
  readonly facts: MessageFacts[K]
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
  readonly kind: MessageKind
  readonly locale: string
  readonly sealedMessage: string
  readonly voidKey: string | undefined
  readonly createdAt: Date
  readonly nextAttemptAt: Date
  /** Set from the start in a decoy: a row that is written so that to mail nobody takes as long as to mail somebody. */
  readonly sentAt: Date | undefined
}

/** What is sealed in the outbox: with its id, so that one row's content says nothing in another. */
export interface MailMessage<K extends MessageKind = MessageKind> {
  readonly id: string
  readonly to: string
  readonly name: string | undefined
  readonly facts: MessageFacts[K]
}

type Opened = Pick<QueuedMail, 'id' | 'locale' | 'createdAt'> & Pick<MailMessage, 'to' | 'name'>

/** A mail that is to be written and sent. */
export type Mail = Opened &
  { readonly [K in MailKind]: { readonly kind: K; readonly facts: MailFacts[K] } }[MailKind]

/** The same to a telephone: `to` is its number, digits alone. */
export type Sms = Opened & { readonly kind: 'sms-code'; readonly facts: SmsFacts['sms-code'] }

const defaultLocale = 'en'

/**
 * Makes the row of a mail, and tells the delivery of this process that one is coming. The store's verb that makes what
 * it tells of inserts it, in the same transaction: a mail of what never happened is worse than none.
 */
export function queuedMail<K extends MessageKind>(
  world: Pick<World, 'newId' | 'vault' | 'mailQueued'>,
  { kind, to, name, facts, userId, locale, voidKey }: MailOrder<K>,
  now: Date,
): QueuedMail {
  const id = world.newId()
  if (to === undefined) return { ...decoyMail(world, now), id, kind, voidKey }
  const message: MailMessage<K> = { id, to, name, facts }
  world.mailQueued()
  return {
    id,
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
export function decoyMail(world: Pick<World, 'newId' | 'vault' | 'mailQueued'>, now: Date): QueuedMail {
  const order = { kind: 'email-known', to: '', facts: {}, userId: undefined, locale: undefined } as const
  // Voids what there is not: to void takes time.
  const voidKey = `nobody:${world.newId()}`
  return { ...queuedMail(world, { ...order, voidKey }, now), sentAt: now }
}

/** The mail again; undefined when none of our secrets opens it. */
export function openMail(
  { vault }: Pick<World, 'vault'>,
  {
    id,
    kind,
    locale,
    sealedMessage,
    createdAt,
  }: Omit<QueuedMail, 'userId' | 'voidKey' | 'nextAttemptAt' | 'sentAt'>,
): Mail | Sms | undefined {
  const text = vault.unseal('mail', sealedMessage)
  if (text === undefined) return undefined
  const message: MailMessage = JSON.parse(text)
  if (message.id !== id) return undefined
  // The facts are those of its kind: sealed by us, and under this id.
  return { id, kind, locale, createdAt, to: message.to, name: message.name, facts: message.facts } as
    | Mail
    | Sms
}

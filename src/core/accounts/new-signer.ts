import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import type { PasswordInDoubt } from './account-store.ts'
import { admitUser } from './admit-user.ts'
import type { Contact } from './contact.ts'
import { decoyMail, type QueuedMail } from './mail.ts'
import { newUser } from './new-user.ts'
import { type LinkFlow, linkMail, mintLink } from './one-time-link.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { mintPhoneCode } from './phone-code.ts'
import { type Role, userRoleName } from './role.ts'
import type { User, UserWithRole } from './user.ts'

/** Somebody who comes to the Supabase face for the first time, by a contact in its normal form. */
export interface NewSigner {
  readonly contact: Contact
  /** Undefined for whoever signs in by messages alone. */
  readonly passwordHash: string | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  readonly locale: string | undefined
  readonly flow: LinkFlow
}

/** A token, and the message that brings it to its contact. */
export interface SentToken {
  readonly token: OneTimeToken
  readonly message: QueuedMail
}

export function findByContact(
  { world: { store } }: Pick<ServiceParts, 'world'>,
  contact: Contact,
): Promise<UserWithRole | undefined> {
  return contact.kind === 'email'
    ? store.findUserByEmail(contact.email)
    : store.findUserByPhone(contact.phone)
}

/** Whether somebody has an account by a contact that they have not shown to be theirs yet. */
export function isWaiting(user: User, { kind }: Pick<Contact, 'kind'>, now: Date): boolean {
  const confirmedAt = kind === 'email' ? user.emailConfirmedAt : user.phoneConfirmedAt
  return confirmedAt === undefined && admitUser(user, now).ok
}

/** The password of somebody who waits, of which nobody knows whether the owner of the contact chose it. */
export function passwordInDoubt({ passwordHash }: User, at: Date): PasswordInDoubt | undefined {
  return passwordHash === undefined ? undefined : { passwordHash, at }
}

/** By what a contact is confirmed, or its owner signed in: a link and a code, or the code alone. */
export function mintSignIn(
  parts: Pick<ServiceParts, 'world' | 'policy'>,
  {
    user,
    purpose,
    contact,
    flow,
  }: {
    readonly user: User
    readonly purpose: 'sign-up' | 'magic-link'
    readonly contact: Contact
    readonly flow: LinkFlow
  },
  now: Date,
): SentToken {
  if (contact.kind === 'phone') {
    const { token, sms } = mintPhoneCode(parts, { user, purpose: 'phone-sign-in', to: contact }, now)
    return { token, message: sms }
  }
  const link = mintLink(parts, { userId: user.id, purpose, email: contact.email, flow }, now)
  return { token: link.token, message: linkMail(parts.world, { link, user }, now) }
}

/**
 * Adds a person, their contact confirmed from the start or waiting for the message that is sent along. Undefined, after as
 * much work, where somebody has the contact.
 */
export async function insertSigner(
  parts: ServiceParts,
  {
    signer,
    ownerId,
    sends,
  }: {
    readonly signer: NewSigner
    /** Who has the contact already, for the log. */
    readonly ownerId: string | undefined
    /** What the message is for; undefined confirms the contact without one. */
    readonly sends: 'sign-up' | 'magic-link' | undefined
  },
  caller: Caller,
): Promise<UserWithRole | undefined> {
  const { world } = parts
  const now = world.now()
  const role = await findNewcomersRole(parts)
  const user = userOf(
    world.newId(),
    { signer, role, confirmedAt: sends === undefined ? now : undefined },
    now,
  )
  const sent = sends && mintSignIn(parts, { ...signer, user, purpose: sends }, now)
  const told = (kind: 'user.register' | 'user.register-known', userId: string | undefined) =>
    auditEvent(world, { kind, clientId: personClientId, userId, target: userId }, caller)
  const outcome = await world.store.insertUser({
    user,
    token: sent?.token,
    event: told('user.register', user.id),
    mail: sent?.message ?? decoyMail(world, now),
    knownEvent: told('user.register-known', ownerId),
    knownMail: decoyMail(world, now),
  })
  return outcome === 'inserted' ? { user, role } : undefined
}

/** The role of those who come by themselves. */
export async function findNewcomersRole({ world }: Pick<ServiceParts, 'world'>): Promise<Role> {
  const role = await world.store.findRoleByName(userRoleName)
  if (role === undefined) throw new Error('The role of those who sign up is missing.')
  return role
}

function userOf(
  id: string,
  {
    signer: { contact, metadata, locale, passwordHash },
    role,
    confirmedAt,
  }: { readonly signer: NewSigner; readonly role: Role; readonly confirmedAt: Date | undefined },
  now: Date,
): User {
  const said = { name: undefined, surname: undefined, phone: undefined, avatarUrl: undefined, locale }
  const isMail = contact.kind === 'email'
  const verified = isMail && confirmedAt !== undefined && { email_verified: true }
  const wanted = {
    ...said,
    email: isMail ? contact.email : undefined,
    username: undefined,
    metadata: { ...metadata, ...verified },
  }
  const user = newUser(wanted, { id, roleId: role.id, passwordHash, now })
  return isMail
    ? { ...user, emailConfirmedAt: confirmedAt }
    : { ...user, signInPhone: contact.phone, phoneConfirmedAt: confirmedAt }
}

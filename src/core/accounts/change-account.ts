import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
import type { AccountWish } from './account-wish.ts'
import { type ActingSession, findLooseSession } from './acting-session.ts'
import { admitFacePassword } from './admit-face-password.ts'
import { askNewEmail, askNewPhone, type ContactQuestion } from './ask-contact-change.ts'
import { passwordChangedMail, unchanged } from './change-password.ts'
import { type Contact, parseContact } from './contact.ts'
import { hasFactor } from './has-factor.ts'
import { judgeMetadataChange, type MetadataChange } from './merge-metadata.ts'
import { takeMessage } from './message-limit.ts'
import type { OneTimeToken } from './one-time-token.ts'
import { parsePhone } from './phone.ts'
import { proveForPassword } from './prove-for-password.ts'
import type { User } from './user.ts'

/** Changes that one person may ask for: each may cost a slow hash or a message. */
const perPerson = { limit: 30, windowSeconds: 300 }

export interface ChangedAccount {
  readonly userId: string
  /** The names of what was changed, or asked to be. */
  readonly fields: readonly ('email' | 'phone' | 'password' | 'metadata')[]
  /** How many sessions a new password has ended. */
  readonly sessions: number
}

/**
 * Changes what somebody who is signed in wants changed, all of it or nothing. A new password ends their other sessions;
 * another address or number counts when it has been confirmed, unless whoever asks is known by nothing yet and the
 * operator confirms by himself.
 */
export async function changeAccount(
  parts: ServiceParts,
  actor: Actor,
  wish: AccountWish,
): Promise<Result<ChangedAccount, Failure>> {
  const { world } = parts
  let counted = false
  return untilSettled<Result<ChangedAccount, Failure>>(async () => {
    const now = world.now()
    const acting = await findLooseSession(parts, actor, now)
    if (!acting.ok) return acting
    if (!counted) {
      const asked = await takeChange(world, acting.value.user.id, now)
      if (!asked.ok) return asked
    }
    const judged = await judgeWish(parts, { acting: acting.value, wish }, now)
    if (!judged.ok) return judged
    const messages = counted ? ok(undefined) : await takeMessages(parts, judged.value, now)
    if (!messages.ok) return messages
    counted = true
    const written = await write(parts, { acting: acting.value, judged: judged.value, wish }, now)
    if (written === undefined) return changed
    if (!written.ok) return written
    for (const revocation of written.value) noteRevocation(parts.memory, revocation)
    const { email, phone, metadata } = judged.value
    const all = { email, phone, password: wish.password, metadata }
    const fields = (['email', 'phone', 'password', 'metadata'] as const).filter(
      (field) => all[field] !== undefined,
    )
    return ok({ userId: acting.value.user.id, fields, sessions: written.value.length })
  })
}

interface JudgedWish {
  /** Another one than the account has, in its normal form. */
  readonly email: Extract<Contact, { kind: 'email' }> | undefined
  readonly phone: Extract<Contact, { kind: 'phone' }> | undefined
  readonly metadata: MetadataChange | undefined
  /** Of the code that a new password has asked for. */
  readonly uses: OneTimeToken | undefined
  /** Whether the contacts count at once: of whoever is known by nothing yet. */
  readonly atOnce: boolean
}

async function judgeWish(
  parts: ServiceParts,
  { acting, wish }: { readonly acting: ActingSession; readonly wish: AccountWish },
  now: Date,
): Promise<Result<JudgedWish, Failure>> {
  const { policy } = parts
  const { user } = acting
  const contacts = parseContacts(policy.supabase, user, wish)
  if (!contacts.ok) return contacts
  const { email, phone } = contacts.value
  const weighs = email !== undefined || phone !== undefined || wish.password !== undefined
  if (weighs && acting.level < 2 && (await hasFactor(parts.world.store, user.id))) {
    return fail({ reason: 'second_factor_required', by: 'session' })
  }
  const isKnown = [user.email, user.signInPhone, email, phone].some((contact) => contact !== undefined)
  if (wish.password !== undefined && !isKnown) return fail({ reason: 'password_without_contact' })
  const free = await areFree(parts, { user, email, phone })
  if (!free.ok) return free
  const metadata = wish.metadata && judgeMetadataChange(user.metadata, wish.metadata)
  if (metadata?.ok === false) return metadata
  const uses = wish.password === undefined ? ok(undefined) : await judgePassword(parts, { acting, wish }, now)
  if (!uses.ok) return uses
  const atOnce = user.isAnonymous && policy.supabase.autoconfirm
  return ok({ email, phone, metadata: metadata?.value, uses: uses.value, atOnce })
}

function parseContacts(
  policy: Parameters<typeof parseContact>[0],
  user: User,
  wish: Pick<AccountWish, 'email' | 'phone'>,
): Result<Pick<JudgedWish, 'email' | 'phone'>, Failure> {
  const read = (given: Contact) =>
    // The one that there is already can be said again where no other could be taken.
    given.kind === 'phone' && user.signInPhone !== undefined && parsePhone(given.phone) === user.signInPhone
      ? ok(undefined)
      : parseContact(policy, given)
  const email = wish.email && read(wish.email)
  if (email?.ok === false) return email
  const phone = wish.phone && read(wish.phone)
  if (phone?.ok === false) return phone
  const [newEmail, newPhone] = [email?.value, phone?.value]
  return ok({
    email: newEmail?.kind === 'email' && newEmail.email !== user.email ? newEmail : undefined,
    phone: newPhone?.kind === 'phone' && newPhone.phone !== user.signInPhone ? newPhone : undefined,
  })
}

/** As clients expect, whoever is signed in is told that an address or a number is another account's. */
async function areFree(
  { world: { store } }: ServiceParts,
  { user, email, phone }: { readonly user: User } & Pick<JudgedWish, 'email' | 'phone'>,
): Promise<Result<void, Failure>> {
  const byEmail = email && (await store.findUserByEmail(email.email))
  if (byEmail !== undefined && byEmail.user.id !== user.id) return fail({ reason: 'email_taken' })
  const byPhone = phone && (await store.findUserByPhone(phone.phone))
  if (byPhone !== undefined && byPhone.user.id !== user.id) return fail({ reason: 'phone_taken' })
  return ok(undefined)
}

/** Whether it is the one of before is asked last: else that would tell whether a guess is right, and change nothing. */
async function judgePassword(
  parts: ServiceParts,
  { acting, wish }: { readonly acting: ActingSession; readonly wish: AccountWish },
  now: Date,
): Promise<Result<OneTimeToken | undefined, Failure>> {
  const { user } = acting
  const { password = '', email } = wish
  const proven = await proveForPassword(parts, acting, wish, now)
  if (!proven.ok) return proven
  const chosen = await admitFacePassword(parts, { ...user, email: user.email ?? email?.email }, password)
  if (!chosen.ok) return chosen
  const { passwordHash } = user
  const same = passwordHash !== undefined && (await parts.world.passwords.verify(password, passwordHash))
  return same ? fail(unchanged(parts)) : proven
}

async function takeChange(
  { store }: Pick<World, 'store'>,
  userId: string,
  now: Date,
): Promise<Result<void, Failure>> {
  const take = { ...perPerson, bucket: `account-change:${userId}`, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

async function takeMessages(
  { world }: ServiceParts,
  { email, phone, atOnce }: JudgedWish,
  now: Date,
): Promise<Result<void, Failure>> {
  for (const to of atOnce ? [] : [email, phone]) {
    const taken = to === undefined ? ok(undefined) : await takeMessage(world, { to, about: 'change' }, now)
    if (!taken.ok) return taken
  }
  return ok(undefined)
}

/** Writes all of it; undefined where the user is no longer as they were judged. */
async function write(
  parts: ServiceParts,
  {
    acting,
    judged,
    wish,
  }: { readonly acting: ActingSession; readonly judged: JudgedWish; readonly wish: AccountWish },
  now: Date,
) {
  const { world, policy } = parts
  const { user, session } = acting
  const { email, phone, atOnce } = judged
  const passwordHash = wish.password === undefined ? undefined : await world.passwords.hash(wish.password)
  const asked = atOnce ? [] : askAll(parts, { user, email, phone, flow: wish.flow }, now)
  const told = passwordHash === undefined ? [] : [passwordChangedMail(world, user, now)]
  const outcome = await world.store.changeAccount({
    userId: user.id,
    userVersion: user.version,
    sessionId: session.id,
    passwordHash,
    email: atOnce ? email?.email : undefined,
    phone: atOnce ? phone?.phone : undefined,
    metadata: judged.metadata,
    uses: judged.uses?.id,
    tokens: asked.flatMap(({ tokens }) => tokens),
    at: now,
    revoke: (subject) => revocationOf({ kind: 'session', subject }, { now, ...policy }),
    mails: [...told, ...asked.flatMap(({ messages }) => messages)],
  })
  if (outcome === 'email_taken' || outcome === 'phone_taken') return fail({ reason: outcome })
  return outcome && ok(outcome)
}

function askAll(
  parts: ServiceParts,
  {
    user,
    email,
    phone,
    flow,
  }: Pick<JudgedWish, 'email' | 'phone'> & Pick<AccountWish, 'flow'> & { user: User },
  now: Date,
): readonly ContactQuestion[] {
  return [
    ...(email === undefined ? [] : [askNewEmail(parts, { user, to: email, flow }, now)]),
    ...(phone === undefined ? [] : [askNewPhone(parts, { user, to: phone }, now)]),
  ]
}

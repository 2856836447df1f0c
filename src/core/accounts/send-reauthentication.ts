import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Contact } from './contact.ts'
import { mailToPerson } from './mail-to-person.ts'
import { mailedCodeDigest, mintMailedCode } from './mailed-code.ts'
import { takeMessage } from './message-limit.ts'
import type { SentToken } from './new-signer.ts'
import { codeAttempts } from './one-time-link.ts'
import { mintOneTimeToken } from './one-time-token-text.ts'
import { personOf } from './person-of.ts'
import { mintPhoneCode } from './phone-code.ts'
import type { User } from './user.ts'

/** Sends a code to somebody who is signed in, by which they show who is at the screen. It voids the one before. */
export async function sendReauthentication(
  parts: ServiceParts,
  actor: Actor,
): Promise<Result<void, Failure>> {
  const { world } = parts
  const now = world.now()
  const person = personOf(actor)
  if (!person.ok) return person
  const user = (await world.store.findUser(person.value.userId))?.user
  if (user === undefined) return fail({ reason: 'person_needed' })
  const contact = contactOf(user)
  if (!contact.ok) return contact
  const mayAsk = await takeMessage(world, { to: contact.value, about: 'reauthentication' }, now)
  if (!mayAsk.ok) return mayAsk
  const { token, message } = mintReauthentication(parts, { user, to: contact.value }, now)
  await world.store.insertOneTimeToken(token, { mails: [message] })
  return ok(undefined)
}

function contactOf({
  id: userId,
  email,
  emailConfirmedAt,
  signInPhone: phone,
  phoneConfirmedAt,
}: User): Result<Contact, Failure> {
  const contact: Contact | undefined =
    email !== undefined
      ? { kind: 'email', email }
      : phone !== undefined
        ? { kind: 'phone', phone, channel: 'sms' }
        : undefined
  if (contact === undefined) return fail({ reason: 'contact_missing' })
  const confirmedAt = contact.kind === 'email' ? emailConfirmedAt : phoneConfirmedAt
  return confirmedAt === undefined ? fail({ reason: 'email_unconfirmed', userId }) : ok(contact)
}

function mintReauthentication(
  parts: ServiceParts,
  { user, to }: { readonly user: User; readonly to: Contact },
  now: Date,
): SentToken {
  const { world, policy } = parts
  if (to.kind === 'phone') {
    const { token, sms } = mintPhoneCode(parts, { user, purpose: 'reauthentication', to }, now)
    return { token, message: sms }
  }
  const ttlSeconds = policy.supabase.otpTtlSeconds
  const of = { userId: user.id, email: to.email, ttlSeconds, attemptsLeft: codeAttempts }
  const { token } = mintOneTimeToken(world, { ...of, purpose: 'reauthentication' }, now)
  const code = mintMailedCode(world)
  const facts = { code, expiresAt: token.expiresAt.toISOString() }
  const voidKey = `reauthentication:${user.id}`
  return {
    token: { ...token, codeDigest: mailedCodeDigest(world, token.id, code) },
    message: mailToPerson(world, { user, kind: 'reauthentication', facts, voidKey }, now),
  }
}

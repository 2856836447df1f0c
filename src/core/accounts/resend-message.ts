import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitUser } from './admit-user.ts'
import { type Contact, parseContact } from './contact.ts'
import { decoyMail } from './mail.ts'
import { takeMessage } from './message-limit.ts'
import { findByContact, isWaiting, mintSignIn, type SentToken } from './new-signer.ts'
import { type LinkFlow, linkMail, mintLink } from './one-time-link.ts'
import type { OneTimeTokenPurpose } from './one-time-token.ts'
import { isUsable } from './one-time-token-text.ts'
import { mintPhoneCode } from './phone-code.ts'
import { admitStranger } from './stranger-limit.ts'
import type { User } from './user.ts'

export interface ResendRequest {
  /** What was sent before: to confirm a contact, or a change of it. */
  readonly about: 'sign-up' | 'change'
  /** As it was given: the one that the account has. */
  readonly contact: Contact
  readonly flow: LinkFlow
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

/** Sends once more what somebody waits for; answers the same for every contact. What was sent before is void. */
export async function resendMessage(
  parts: ServiceParts,
  request: ResendRequest,
  caller: Caller,
): Promise<Result<void, Failure>> {
  const { world, policy } = parts
  const now = world.now()
  const read = parseContact(policy.supabase, request.contact)
  if (!read.ok) return read
  const contact = read.value
  const { about, captcha } = request
  const asked = await admitStranger(world, { about: 'resend', caller, captcha }, now)
  if (!asked.ok) return asked
  const mayAsk = await takeMessage(world, { to: contact, about }, now)
  if (!mayAsk.ok) return mayAsk
  const owner = (await findByContact(parts, contact))?.user
  const sent = owner === undefined ? [] : await messagesFor(parts, { ...request, contact, owner }, now)
  for (const { token, message } of sent) await world.store.insertOneTimeToken(token, { mails: [message] })
  if (sent.length === 0) await world.store.enqueueMail(decoyMail(world, now))
  return ok(undefined)
}

async function messagesFor(
  parts: ServiceParts,
  { about, contact, owner, flow }: Omit<ResendRequest, 'captcha'> & { readonly owner: User },
  now: Date,
): Promise<readonly SentToken[]> {
  if (!admitUser(owner, now).ok) return []
  if (about === 'change') return changeMessages(parts, { contact, owner, flow }, now)
  if (!isWaiting(owner, contact, now)) return []
  return [mintSignIn(parts, { user: owner, purpose: 'sign-up', contact, flow }, now)]
}

/** To whom has not answered yet: of a change of address there may be two. */
async function changeMessages(
  parts: ServiceParts,
  { contact, owner: user, flow }: Pick<ResendRequest, 'contact' | 'flow'> & { readonly owner: User },
  now: Date,
): Promise<readonly SentToken[]> {
  const { world } = parts
  const newest = (await world.store.findAccountRecord(user.id))?.newest ?? []
  const of = (purpose: OneTimeTokenPurpose) => newest.find((one) => one.purpose === purpose)
  if (contact.kind === 'phone') {
    const phone = of('phone-change')
    if (phone?.phone === undefined || !isUsable(phone, now)) return []
    const to = { ...contact, phone: phone.phone }
    const { token, sms } = mintPhoneCode(parts, { user, purpose: 'phone-change', to }, now)
    return [{ token, message: sms }]
  }
  const newEmail = of('supabase-email-change')?.email
  const halves = [
    { purpose: 'supabase-email-change', email: newEmail, beside: undefined },
    { purpose: 'supabase-email-change-current', email: user.email, beside: newEmail },
  ] as const
  return halves.flatMap(({ purpose, email, beside }) => {
    const before = of(purpose)
    if (before === undefined || newEmail === undefined || !isUsable(before, now)) return []
    const link = mintLink(parts, { userId: user.id, purpose, email, flow }, now)
    return [{ token: link.token, message: linkMail(world, { link, user, newEmail: beside }, now) }]
  })
}

import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { admitUser } from './admit-user.ts'
import { type Contact, parseContact } from './contact.ts'
import { decoyMail } from './mail.ts'
import { takeMessage } from './message-limit.ts'
import {
  findByContact,
  insertSigner,
  isWaiting,
  mintSignIn,
  type NewSigner,
  passwordInDoubt,
} from './new-signer.ts'
import { admitStranger } from './stranger-limit.ts'
import type { User } from './user.ts'

export interface SignInMessageRequest extends Omit<NewSigner, 'passwordHash'> {
  /** As it was given. */
  readonly contact: Contact
  /** Whether somebody who has no account gets one. */
  readonly createUser: boolean
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

/** Sends a link and a code, or the code alone, to sign in by; whoever has no account gets one with it. */
export async function sendSignIn(
  parts: ServiceParts,
  request: SignInMessageRequest,
  caller: Caller,
): Promise<Result<void, Failure>> {
  const { world, policy } = parts
  const now = world.now()
  const read = parseContact(policy.supabase, request.contact)
  if (!read.ok) return read
  const contact = read.value
  const { captcha } = request
  const asked = await admitStranger(world, { about: 'sign-in-message', caller, captcha }, now)
  if (!asked.ok) return asked
  const mayAsk = await takeMessage(world, { to: contact, about: 'sign-in' }, now)
  if (!mayAsk.ok) return mayAsk
  const owner = (await findByContact(parts, contact))?.user
  if (owner !== undefined) {
    await sendToOwner(parts, { ...request, contact, owner }, now)
    return ok(undefined)
  }
  if (!request.createUser) return fail({ reason: 'newcomer_refused' })
  if (policy.supabase.signup === 'closed') return fail({ reason: 'registration_closed' })
  const signer = { ...request, contact, passwordHash: undefined }
  const sends = policy.supabase.autoconfirm ? 'magic-link' : 'sign-up'
  // Whoever has the contact since was sent a message a moment ago.
  await insertSigner(parts, { signer, ownerId: undefined, sends }, caller)
  return ok(undefined)
}

/** To nobody, after the same work, where the account may not be signed in to. */
async function sendToOwner(
  parts: ServiceParts,
  { owner, contact, flow }: Pick<SignInMessageRequest, 'contact' | 'flow'> & { readonly owner: User },
  now: Date,
): Promise<void> {
  const { world, policy } = parts
  const isConfirmed = policy.supabase.autoconfirm || owner.emailConfirmedAt !== undefined
  const purpose = isConfirmed ? 'magic-link' : 'sign-up'
  const admitted = admitUser(owner, now).ok
  const user = admitted ? owner : { ...owner, id: world.newId() }
  const { token, message } = mintSignIn(parts, { user, purpose, contact, flow }, now)
  // Whoever comes by messages says nothing of a password: before the first of them anybody may have chosen it.
  const doubts = isWaiting(owner, contact, now) ? passwordInDoubt(owner, now) : undefined
  await world.store.insertOneTimeToken(token, {
    mails: [admitted ? message : decoyMail(world, now)],
    doubts,
  })
}

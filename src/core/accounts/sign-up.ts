import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { admitFacePassword } from './admit-face-password.ts'
import { type Contact, parseContact } from './contact.ts'
import { takeMessage } from './message-limit.ts'
import {
  findByContact,
  insertSigner,
  isWaiting,
  mintSignIn,
  type NewSigner,
  passwordInDoubt,
} from './new-signer.ts'
import { openNewSession } from './open-new-session.ts'
import { admitStranger } from './stranger-limit.ts'

export interface SignUpRequest extends Omit<NewSigner, 'passwordHash'> {
  /** As it was given. */
  readonly contact: Contact
  readonly password: string
  /** The answer to the operator's captcha; nobody looks at it where there is none. */
  readonly captcha: string | undefined
}

export type SignedUp =
  | { readonly kind: 'tokens'; readonly tokens: PersonTokens }
  /** A message is on its way to who has the contact. */
  | { readonly kind: 'waits'; readonly userId: string; readonly isNew: boolean }
  /** Somebody has an account by this contact, which a stranger is not told. */
  | { readonly kind: 'known' }

/**
 * Signs a person up at the Supabase face: in at once where the operator confirms by itself, else with a link and a code.
 * Whoever has not confirmed yet is sent them once more, and nothing else of theirs changes; but where two passwords are
 * told for one contact, neither counts: nobody can say which of them is its owner's.
 */
export async function signUp(
  parts: ServiceParts,
  request: SignUpRequest,
  caller: Caller,
): Promise<Result<SignedUp, Failure>> {
  const { world, policy } = parts
  const now = world.now()
  const { signup, autoconfirm } = policy.supabase
  const { captcha } = request
  if (signup === 'closed') return fail({ reason: 'registration_closed' })
  const { email } = request.contact.kind === 'email' ? request.contact : { email: undefined }
  const chosen = await admitFacePassword(parts, { email }, request.password)
  if (!chosen.ok) return chosen
  const read = parseContact(policy.supabase, request.contact)
  if (!read.ok) return read
  const contact = read.value
  const asked = await admitStranger(world, { about: 'sign-up', caller, captcha }, now)
  if (!asked.ok) return asked
  if (!autoconfirm) {
    const mayAsk = await takeMessage(world, { to: contact, about: 'sign-up' }, now)
    if (!mayAsk.ok) return mayAsk
  }
  const owner = (await findByContact(parts, contact))?.user
  if (!autoconfirm && owner !== undefined && isWaiting(owner, contact, now)) {
    // One slow hash, as where there is no account.
    const same = await world.passwords.verify(request.password, owner.passwordHash)
    const { token, message } = mintSignIn(
      parts,
      { ...request, contact, user: owner, purpose: 'sign-up' },
      now,
    )
    const doubts = same ? undefined : passwordInDoubt(owner, now)
    await world.store.insertOneTimeToken(token, { mails: [message], doubts })
    return ok({ kind: 'waits', userId: owner.id, isNew: false })
  }
  const signer = { ...request, contact, passwordHash: await world.passwords.hash(request.password) }
  const sends = autoconfirm ? undefined : 'sign-up'
  const added = await insertSigner(parts, { signer, ownerId: owner?.id, sends }, caller)
  if (added === undefined) return autoconfirm ? fail({ reason: 'account_exists' }) : ok({ kind: 'known' })
  if (!autoconfirm) return ok({ kind: 'waits', userId: added.user.id, isNew: true })
  const proof = { amr: ['pwd'], method: 'password' } as const
  return ok({ kind: 'tokens', tokens: await openNewSession(parts, added, { proof, caller, now }) })
}

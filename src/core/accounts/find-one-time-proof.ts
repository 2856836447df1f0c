import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { takeCodeTry } from './code-tries.ts'
import { type Contact, parseContact } from './contact.ts'
import { isMailedCode } from './mailed-code.ts'
import { readLinkHash } from './one-time-link.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from './one-time-token.ts'
import { findGenuineToken, isUsable } from './one-time-token-text.ts'

/** What clients of the Supabase face say that a token is for, and what it may be for then. */
export const verifyTypes = {
  signup: ['sign-up'],
  invite: ['supabase-invite'],
  magiclink: ['magic-link'],
  recovery: ['recovery'],
  // Whichever of them a client was sent: it need not know whether its user is new.
  email: ['sign-up', 'magic-link', 'supabase-invite', 'recovery'],
  email_change: ['supabase-email-change', 'supabase-email-change-current'],
  sms: ['phone-sign-in'],
  phone_change: ['phone-change'],
} as const satisfies Record<string, readonly OneTimeTokenPurpose[]>
export type VerifyType = keyof typeof verifyTypes

/** What somebody shows of a message that was sent to them: the token of its link, or the digits and where they came. */
export type OneTimeProof =
  | { readonly kind: 'link'; readonly type: VerifyType; readonly hash: string }
  | { readonly kind: 'code'; readonly type: VerifyType; readonly contact: Contact; readonly code: string }

/** Finds the token that is shown. Digits cost one of their tries each time, right or wrong. */
export async function findOneTimeProof(
  { world, policy }: Pick<ServiceParts, 'world' | 'policy'>,
  proof: OneTimeProof,
  now: Date,
): Promise<Result<OneTimeToken, Failure>> {
  const purposes = verifyTypes[proof.type]
  if (proof.kind === 'link') {
    const token = await findGenuineToken(world, readLinkHash(proof.hash).text, purposes)
    if (token === undefined || !isUsable(token, now)) return fail({ reason: 'one_time_token_invalid' })
    return ok(token)
  }
  const read = parseContact(policy.supabase, proof.contact)
  if (!read.ok) return read
  const contact = read.value
  const counted = await takeCodeTry(world, contact, now)
  if (!counted.ok) return counted
  const to = contact.kind === 'email' ? { email: contact.email } : { phone: contact.phone }
  const sent = await world.store.takeCodeAttempts({ purposes, to }, now)
  const { code } = proof
  const right = sent.find(
    ({ id, codeDigest }) =>
      codeDigest !== undefined && isMailedCode(world, { forId: id, code, digest: codeDigest }),
  )
  return right === undefined ? fail({ reason: 'one_time_code_invalid' }) : ok(right)
}

/** Whether a token is still about a contact that its user has. */
export function isAbout(
  { email, phone }: Pick<OneTimeToken, 'email' | 'phone'>,
  user: { readonly email: string | undefined; readonly signInPhone: string | undefined },
): boolean {
  return email === undefined ? phone !== undefined && phone === user.signInPhone : email === user.email
}

import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { type Contact, contactText } from './contact.ts'

/** As many as one account may ever see before it is left alone for a day (NIST SP 800-63B-4 §3.2.2). */
const perContact = { limit: 100, windowSeconds: 86_400 }

/**
 * Counts a try of the digits that were sent to a contact, before anybody looks at them: each new message brings new tries,
 * and who guesses at a million can ask for messages all day. Links are too long to be guessed, and go on.
 */
export async function takeCodeTry(
  { vault, store }: Pick<World, 'vault' | 'store'>,
  contact: Contact,
  now: Date,
): Promise<Result<void, Failure>> {
  const bucket = `code-try:${vault.digest('sign-in-subject', contactText(contact))}`
  const take = { ...perContact, bucket, now }
  const outcome = await store.takeRate(take)
  if (outcome.allowed) return ok(undefined)
  return fail({ reason: 'rate_limited', state: limitState({ policy: 'account', take, outcome }) })
}

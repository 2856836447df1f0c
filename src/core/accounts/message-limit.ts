import type { Failure } from '../failure.ts'
import { limitState } from '../limits/rate-limit.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { type Contact, contactText } from './contact.ts'

/** Between two messages about one thing: as long as somebody waits for the first. */
const gap = { limit: 1, windowSeconds: 60 }
/** Messages about one thing in all. */
const perContact = { limit: 5, windowSeconds: 3600 }

/** Counted apart, so that nobody can use up a person's way back in by signing up with their address. */
export type MessageConcern = 'sign-up' | 'sign-in' | 'recovery' | 'change' | 'reauthentication'

/**
 * Counts one more message to a contact, whoever asks for it; asked for every contact alike, whether or not it has an
 * account, so that the refusal tells nothing of that.
 */
export async function takeMessage(
  { vault, store }: Pick<World, 'vault' | 'store'>,
  { to, about }: { readonly to: Contact; readonly about: MessageConcern },
  now: Date,
): Promise<Result<void, Failure>> {
  const bucket = `${about}:${vault.digest('sign-in-subject', contactText(to))}`
  for (const [name, rate] of [
    ['message-gap', gap],
    ['message', perContact],
  ] as const) {
    const take = { ...rate, bucket: `${name}:${bucket}`, now }
    const outcome = await store.takeRate(take)
    if (outcome.allowed) continue
    const state = limitState({ policy: 'account', take, outcome })
    return fail({ reason: 'message_too_soon', kind: to.kind, state })
  }
  return ok(undefined)
}

import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import type { SessionFace } from '../tokens/session.ts'
import { admitUser } from './admit-user.ts'
import { confirmationAt } from './confirmation-at.ts'
import { openPersonSession } from './open-person-session.ts'
import { enterRegistration, type RegistrationRequest, register } from './register.ts'
import type { UserWithRole } from './user.ts'

/** The end of a registration that signs in: tokens, or a link in the mailbox that comes before them. */
export type Arrival =
  | { readonly kind: 'signed_in'; readonly tokens: PersonTokens; readonly person: UserWithRole }
  | { readonly kind: 'confirmation_due'; readonly email: string }

/**
 * Registers a person and signs them in, for faces whose answer to a registration holds tokens. Who is signed in at once
 * learns whether the address was free, so a taken one is refused; its owner is told by mail as always. Where an address
 * has to be confirmed first nobody is signed in, and so nobody learns anything: the answer is the same for all.
 */
export async function registerAndSignIn(
  parts: ServiceParts,
  { face, ...request }: RegistrationRequest & { readonly face: SessionFace },
  caller: Caller,
): Promise<Result<Arrival, Failure>> {
  const { world, policy } = parts
  if (confirmationAt(policy, face) === 'required') {
    const registered = await register(parts, request, caller)
    return registered.ok ? ok({ kind: 'confirmation_due', email: registered.value.email }) : registered
  }
  const entered = await enterRegistration(parts, request, caller)
  if (!entered.ok) return entered
  if (entered.value.outcome === 'email_taken') return fail({ reason: 'email_taken' })
  const { userId } = entered.value
  return untilSettled(async () => {
    const now = world.now()
    const person = await world.store.findUser(userId)
    // Nobody had the time to do anything to this account; whoever did outranks who has just made it.
    if (person === undefined) return fail({ reason: 'credentials_invalid' })
    const admitted = admitUser(person.user, now)
    if (!admitted.ok) return admitted
    const proof = { aal: 1, amr: ['pwd'], method: 'password', attempt: undefined, face } as const
    const tokens = await openPersonSession(parts, person, { proof, caller, now })
    return tokens === changed ? changed : ok({ kind: 'signed_in', tokens, person })
  })
}

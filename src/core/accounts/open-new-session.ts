import type { Caller } from '../caller.ts'
import { changed } from '../race.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { openPersonSession, type SignInProof } from './open-person-session.ts'
import type { UserWithRole } from './user.ts'

/** Opens the first session of somebody whose account was made a moment ago, at the Supabase face. */
export async function openNewSession(
  parts: ServiceParts,
  who: UserWithRole,
  {
    proof,
    caller,
    now,
  }: {
    readonly proof: Pick<SignInProof, 'amr' | 'method'>
    readonly caller: Caller
    readonly now: Date
  },
): Promise<PersonTokens> {
  const whole = { ...proof, aal: 1, attempt: undefined, face: 'supabase' } as const
  const tokens = await openPersonSession(parts, who, { proof: whole, caller, now })
  // Nobody but its maker knows of it yet.
  if (tokens === changed) throw new Error('A new account changed before its first session.')
  return tokens
}

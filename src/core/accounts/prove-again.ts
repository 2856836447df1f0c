import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Factor } from './factor.ts'
import { personOf } from './person-of.ts'
import { clearProofTries, takeProofTry } from './proof-tries.ts'
import { proveAny } from './prove-factor.ts'
import type { FactorProof } from './second-factor-store.ts'
import type { UserWithRole } from './user.ts'

export interface ProofOfSelf {
  readonly password: string
  readonly code: string | undefined
}

/** Somebody who is signed in and has shown again that it is them. */
export interface ProvenSelf extends UserWithRole {
  readonly factors: readonly Factor[]
  /** Of the code; undefined where none was needed. It is not used up yet: the verb that it allows does that. */
  readonly proof: FactorProof | undefined
}

/**
 * Has somebody who is signed in show the password again: an unlocked screen, or a token that was stolen, changes no
 * factor. Where a factor counts and the session was opened without one, a code too: a password alone never brings a
 * second factor. `always` asks for one of every session.
 */
export async function proveAgain(
  { world }: Pick<ServiceParts, 'world'>,
  actor: Actor,
  { password, code, needsCode }: ProofOfSelf & { readonly needsCode: 'always' | 'without_second_factor' },
): Promise<Result<ProvenSelf, Failure>> {
  const now = world.now()
  const person = personOf(actor)
  if (!person.ok) return person
  const found = await world.store.findUser(person.value.userId)
  if (found === undefined) return fail({ reason: 'person_needed' })
  const { user } = found
  const factors = await world.store.listFactors(user.id)
  const isCodeDue =
    factors.some(({ activatedAt }) => activatedAt !== undefined) &&
    (needsCode === 'always' || person.value.aal < 2)
  // Before anything is tried, and so without a count.
  if (isCodeDue && code === undefined) return fail({ reason: 'second_factor_required', by: 'code' })
  const counted = await takeProofTry(world, user.id, now)
  if (!counted.ok) return counted
  const { passwordHash } = user
  if (passwordHash === undefined || !(await world.passwords.verify(password, passwordHash))) {
    return fail({ reason: 'reauthentication_failed', field: 'password' })
  }
  const proof =
    isCodeDue && code !== undefined
      ? await proveAny(world, { userId: user.id, factors, code }, now)
      : undefined
  if (isCodeDue && proof === undefined) return fail({ reason: 'reauthentication_failed', field: 'code' })
  await clearProofTries(world, user.id)
  return ok({ ...found, factors, proof })
}

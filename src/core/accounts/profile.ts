import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personOf } from './person-of.ts'
import type { UserWithRole } from './user.ts'

/** The account of the person who asks. */
export async function readProfile(
  { world }: ServiceParts,
  actor: Actor,
): Promise<Result<UserWithRole, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const found = await world.store.findUser(person.value.userId)
  return found === undefined ? fail({ reason: 'person_needed' }) : ok(found)
}

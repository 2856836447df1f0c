import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { ProfileUpdate } from './own-account-store.ts'
import { personOf } from './person-of.ts'
import type { UserWithRole } from './user.ts'
import { isUsername } from './username.ts'

/** Changes what a person says of themselves, and nothing that anybody else has to say of them. */
export async function updateProfile(
  { world }: ServiceParts,
  actor: Actor,
  update: ProfileUpdate,
): Promise<Result<UserWithRole, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { username } = update
  if (typeof username === 'string' && !isUsername(username)) return fail({ reason: 'username_invalid' })
  const updated = await world.store.updateProfile(person.value.userId, { ...update, at: world.now() })
  if (updated === 'username_taken') return fail({ reason: 'username_taken' })
  return updated === undefined ? fail({ reason: 'person_needed' }) : ok(updated)
}

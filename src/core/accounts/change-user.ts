import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import type { UserChange } from './administration-store.ts'
import { holds } from './roles.ts'
import type { UserWithRole } from './user.ts'

/** What is to become of a user, beside who it is; undefined where all is as it should be. */
export type UserDecision = Omit<UserChange, 'id' | 'version'> | undefined

type Judge = (
  found: UserWithRole,
  now: Date,
) => Result<UserDecision, Failure> | Promise<Result<UserDecision, Failure>>

/**
 * Looks, judges, and writes if nothing came between, by somebody who holds all that the user's role permits: nobody
 * rules over those who may do more. Answers the user as they are then.
 */
export function changeUser(
  parts: ServiceParts,
  { actor, id }: { readonly actor: Principal; readonly id: string },
  judge: Judge,
): Promise<Result<UserWithRole, Failure>> {
  return untilSettled(async () => {
    const now = parts.world.now()
    const found = await findRuled(parts, { actor, id })
    if (!found.ok) return found
    const decided = await judge(found.value, now)
    if (!decided.ok) return decided
    // Nothing to change, nothing to write: the same order again costs a look.
    if (decided.value === undefined) return found
    const { version } = found.value.user
    const written = await writeUser(parts, { id, version, ...decided.value })
    if (written === changed) return changed
    if (!written.ok) return written
    const after = await parts.world.store.findUser(id)
    return after === undefined ? fail({ reason: 'user_not_found' }) : ok(after)
  })
}

/** Finds a user whom the actor may act on. */
export async function findRuled(
  { world }: ServiceParts,
  { actor, id }: { readonly actor: Principal; readonly id: string },
): Promise<Result<UserWithRole, Failure>> {
  const found = await world.store.findUser(id)
  if (found === undefined || found.user.erasedAt !== undefined) return fail({ reason: 'user_not_found' })
  const held = holds(actor, found.role.permissions)
  return held.ok ? ok(found) : held
}

/** Writes a change that was judged, and makes it count in this process at once; the others hear of it. */
export async function writeUser(
  { world, memory }: ServiceParts,
  change: UserChange,
): Promise<Result<void, Failure> | typeof changed> {
  const outcome = await world.store.changeUser({ at: world.now(), ...change })
  if (outcome.kind === 'stale') return changed
  if (outcome.kind !== 'written') return fail({ reason: outcome.kind })
  memory.people.forget(change.id)
  for (const revocation of outcome.revocations) noteRevocation(memory, revocation)
  return ok(undefined)
}

import { auditEvent } from '../audit/event.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { type Revocation, revocationOf } from '../tokens/revocations.ts'
import type { Principal } from '../tokens/verify.ts'
import { findRuled } from './change-user.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'

/**
 * Ends an account for one of the operator's programs, and gives its address and number free: for good, with nothing left
 * but the id; or softly, so that all else can be restored for a while.
 */
export async function dismissUser(
  parts: ServiceParts,
  actor: Principal,
  { id, softly }: { readonly id: string; readonly softly: boolean },
): Promise<Result<void, Failure>> {
  const { world, policy, memory } = parts
  const ruling = await rulingOrdinaryPeople(world, actor)
  return untilSettled(async () => {
    const found = await findRuled(parts, { actor: ruling, id })
    if (!found.ok) return found
    if (softly && found.value.user.deletedAt !== undefined) return ok(undefined)
    const now = world.now()
    const deletion = {
      userId: id,
      at: now,
      revoke: (of: Pick<Revocation, 'kind' | 'subject'>) => revocationOf(of, { now, ...policy }),
    }
    const erased = auditEvent(world, { kind: 'user.erase', target: id }, undefined)
    const revocations = softly
      ? await world.store.deleteUser({ ...deletion, from: undefined, freesContact: true })
      : await world.store.deleteForGood({ ...deletion, erased })
    if (revocations === undefined) return changed
    if (revocations === 'last_admin') return fail({ reason: 'last_admin' })
    for (const revocation of revocations) noteRevocation(memory, revocation)
    memory.people.forget(id)
    return ok(undefined)
  })
}

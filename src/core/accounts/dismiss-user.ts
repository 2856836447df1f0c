import { auditEvent } from '../audit/event.ts'
import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
import type { Principal } from '../tokens/verify.ts'
import { findRuled } from './change-user.ts'
import { deleteUser } from './manage-users.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'

/**
 * Ends an account for one of the operator's programs: softly, as an administrator would, so that it can be restored for a
 * while; or for good, with nothing left but the id, and the address free again.
 */
export async function dismissUser(
  parts: ServiceParts,
  actor: Principal,
  { id, softly }: { readonly id: string; readonly softly: boolean },
): Promise<Result<void, Failure>> {
  const { world, policy, memory } = parts
  const ruling = await rulingOrdinaryPeople(world, actor)
  if (softly) {
    const deleted = await deleteUser(parts, ruling, id)
    return deleted.ok ? ok(undefined) : deleted
  }
  return untilSettled(async () => {
    const found = await findRuled(parts, { actor: ruling, id })
    if (!found.ok) return found
    const now = world.now()
    const revocations = await world.store.deleteForGood({
      userId: id,
      at: now,
      revoke: (of) => revocationOf(of, { now, ...policy }),
      erased: auditEvent(world, { kind: 'user.erase', target: id }, undefined),
    })
    if (revocations === undefined) return changed
    if (revocations === 'last_admin') return fail({ reason: 'last_admin' })
    for (const revocation of revocations) noteRevocation(memory, revocation)
    memory.people.forget(id)
    return ok(undefined)
  })
}

import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { mailOfRecovery, mailToPerson } from './mail-to-person.ts'
import { type ProofOfSelf, proveAgain } from './prove-again.ts'

/**
 * Takes a factor away: by the password and, where it counts, by a code of any factor or a recovery code. With the last
 * one go the recovery codes. Its owner is told by mail.
 */
export async function removeFactor(
  parts: ServiceParts,
  actor: Actor,
  { id, ...shown }: ProofOfSelf & { readonly id: string },
): Promise<Result<void, Failure>> {
  const { world } = parts
  const proven = await proveAgain(parts, actor, { ...shown, needsCode: 'always' })
  if (!proven.ok) return proven
  const { user, factors, proof } = proven.value
  const factor = factors.find((one) => one.id === id)
  if (factor === undefined) return fail({ reason: 'factor_not_found' })
  const now = world.now()
  const facts = { factor: factor.name, at: now.toISOString() }
  const mails =
    factor.activatedAt === undefined
      ? []
      : [
          mailToPerson(world, { user, kind: 'factor-removed', facts }, now),
          ...(await mailOfRecovery(world, { user, proof }, now)),
        ]
  const removed = await world.store.removeFactor({ id, userId: user.id, proof, at: now }, { mails })
  // Somebody else removed it, or used this code up.
  return removed ? ok(undefined) : fail({ reason: 'reauthentication_failed', field: 'code' })
}

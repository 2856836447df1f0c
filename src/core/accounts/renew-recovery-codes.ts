import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { mailOfRecovery, mailToPerson } from './mail-to-person.ts'
import { type ProofOfSelf, proveAgain } from './prove-again.ts'
import { mintRecoveryCodes } from './recovery-code.ts'

/** Puts ten new recovery codes in the place of all that there were, and tells them this once. Their owner is told by mail. */
export async function renewRecoveryCodes(
  parts: ServiceParts,
  actor: Actor,
  shown: ProofOfSelf,
): Promise<Result<readonly string[], Failure>> {
  const { world } = parts
  const proven = await proveAgain(parts, actor, { ...shown, needsCode: 'without_second_factor' })
  if (!proven.ok) return proven
  const { user, factors, proof } = proven.value
  // They stand in for a factor: alone they would be one that nobody has activated.
  if (!factors.some(({ activatedAt }) => activatedAt !== undefined))
    return fail({ reason: 'factor_not_found' })
  const now = world.now()
  const { codes, texts } = mintRecoveryCodes(world, user.id, now)
  const facts = { at: now.toISOString() }
  const mails = [
    mailToPerson(world, { user, kind: 'recovery-codes-made', facts }, now),
    ...(await mailOfRecovery(world, { user, proof }, now)),
  ]
  const replaced = await world.store.replaceRecoveryCodes(
    { userId: user.id, codes, proof, at: now },
    { mails },
  )
  return replaced ? ok(texts) : fail({ reason: 'reauthentication_failed', field: 'code' })
}

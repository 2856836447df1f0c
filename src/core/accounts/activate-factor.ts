import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Factor } from './factor.ts'
import { mailToPerson } from './mail-to-person.ts'
import { personOf } from './person-of.ts'
import { clearProofTries, takeProofTry } from './proof-tries.ts'
import { proveApp, proveMailedCode } from './prove-factor.ts'
import { mintRecoveryCodes } from './recovery-code.ts'

/** What was begun and left lying is nothing that an old session may come back to. */
const ACTIVATION_MAX_MS = 3_600_000

export interface ActivatedFactor {
  readonly factor: Factor
  /** Told this once; undefined where there were some already. */
  readonly recoveryCodes: readonly string[] | undefined
}

/** Makes a factor count, by a first code of it. Its owner is told by mail. */
export async function activateFactor(
  { world }: ServiceParts,
  actor: Actor,
  { id, code }: { readonly id: string; readonly code: string },
): Promise<Result<ActivatedFactor, Failure>> {
  const now = world.now()
  const person = personOf(actor)
  if (!person.ok) return person
  const found = await world.store.findUser(person.value.userId)
  if (found === undefined) return fail({ reason: 'person_needed' })
  const { user } = found
  const factors = await world.store.listFactors(user.id)
  const factor = factors.find((one) => one.id === id && one.activatedAt === undefined)
  if (factor === undefined || now.getTime() - factor.createdAt.getTime() >= ACTIVATION_MAX_MS) {
    return fail({ reason: 'factor_not_found' })
  }
  const counted = await takeProofTry(world, user.id, now)
  if (!counted.ok) return counted
  const proof =
    factor.kind === 'totp'
      ? proveApp(world, { factors: [factor], code }, now)
      : await proveMailedCode(world, { userId: user.id, code }, now)
  if (proof === undefined) return fail({ reason: 'reauthentication_failed', field: 'code' })
  const recovery = mintRecoveryCodes(world, user.id, now)
  const facts = { factor: factor.name, at: now.toISOString() }
  const mail = mailToPerson(world, { user, kind: 'factor-added', facts }, now)
  const outcome = await world.store.activateFactor(
    { id, userId: user.id, proof, codes: recovery.codes, at: now },
    { mails: [mail] },
  )
  // Of all who activate it at once, one has; and only that one is told the recovery codes.
  if (outcome === 'refused') return fail({ reason: 'factor_not_found' })
  await clearProofTries(world, user.id)
  return ok({
    factor: { ...factor, activatedAt: now },
    recoveryCodes: outcome === 'activated_with_codes' ? recovery.texts : undefined,
  })
}

import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import { noteRevocation, type ServiceParts } from '../service-parts.ts'
import { revocationOf } from '../tokens/revocations.ts'
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

/**
 * Makes a factor count, by a first code of it. With the first one all other sessions end, which were opened without it.
 * Its owner is told by mail.
 */
export async function activateFactor(
  { world, policy, memory }: ServiceParts,
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
  const factor = factors.find((one) => one.id === id)
  if (factor === undefined || !isActivatable(factor, now)) return fail({ reason: 'factor_not_found' })
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
  const { sessionId } = person.value
  const revoke = (subject: string) => revocationOf({ kind: 'session', subject }, { now, ...policy })
  const activated = await world.store.activateFactor(
    { id, userId: user.id, proof, codes: recovery.codes, sessionId, revoke, at: now },
    { mails: [mail] },
  )
  // Of all who activate it at once, one has; and only that one is told the recovery codes.
  if (activated === undefined) return fail({ reason: 'factor_not_found' })
  for (const revocation of activated.revocations) noteRevocation(memory, revocation)
  await clearProofTries(world, user.id)
  return ok({
    factor: { ...factor, activatedAt: now },
    recoveryCodes: activated.withCodes ? recovery.texts : undefined,
  })
}

/** Whether a factor that does not count may still come to. */
export function isActivatable({ createdAt, activatedAt }: Factor, now: Date): boolean {
  return activatedAt === undefined && now.getTime() - createdAt.getTime() < ACTIVATION_MAX_MS
}

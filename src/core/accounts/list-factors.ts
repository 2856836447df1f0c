import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Factor } from './factor.ts'
import { personOf } from './person-of.ts'

export interface FactorsOfPerson {
  readonly factors: readonly Factor[]
  readonly recoveryCodesLeft: number
}

/** The factors of somebody who is signed in, those too that do not count yet. */
export async function listFactors(
  { world }: ServiceParts,
  actor: Actor,
): Promise<Result<FactorsOfPerson, Failure>> {
  const person = personOf(actor)
  if (!person.ok) return person
  const { userId } = person.value
  const [factors, codes] = await Promise.all([
    world.store.listFactors(userId),
    world.store.listRecoveryCodes(userId),
  ])
  return ok({ factors, recoveryCodesLeft: codes.length })
}

import type { Actor } from '../caller.ts'
import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Factor } from './factor.ts'

export interface FactorsOfPerson {
  readonly factors: readonly Factor[]
  readonly recoveryCodesLeft: number
}

/** The factors of somebody who is signed in, those too that do not count yet. */
export async function listFactors(
  { world }: ServiceParts,
  { principal }: Pick<Actor, 'principal'>,
): Promise<Result<FactorsOfPerson, Failure>> {
  if (principal.assurance === undefined) return fail({ reason: 'person_needed' })
  const [factors, codes] = await Promise.all([
    world.store.listFactors(principal.subject),
    world.store.listRecoveryCodes(principal.subject),
  ])
  return ok({ factors, recoveryCodesLeft: codes.length })
}

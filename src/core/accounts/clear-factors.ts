import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { endingOf } from './account-ending.ts'
import { changeUser } from './change-user.ts'
import { mailToPerson } from './mail-to-person.ts'
import type { UserWithRole } from './user.ts'
import { userState } from './user-state.ts'

/**
 * Takes away all second factors and recovery codes of somebody who has lost them. Their sessions end, and the owner is
 * told of each factor that counted. Refused on oneself.
 */
export function clearFactors(
  parts: ServiceParts,
  actor: Principal,
  id: string,
): Promise<Result<UserWithRole, Failure>> {
  const { world } = parts
  return changeUser(parts, { actor, id }, async ({ user }, now) => {
    // Else a stolen token of an administrator, or a stolen key, would take away what it could not show.
    if (await isOneself(world, actor, id)) return fail({ reason: 'not_on_oneself' })
    const state = userState(user)
    if (state === 'deleted') return fail({ reason: 'user_not_current', state })
    const factors = await world.store.listFactors(id)
    if (factors.length === 0) return ok(undefined)
    const mails = factors
      .filter(({ activatedAt }) => activatedAt !== undefined)
      .map(({ name: factor }) =>
        mailToPerson(world, { user, kind: 'factor-removed', facts: { factor, at: now.toISOString() } }, now),
      )
    return ok({
      standing: {},
      clearsFactors: true,
      ending: endingOf(parts, { userId: undefined, now }),
      mails,
    })
  })
}

/** Says whether a caller is a person themselves, or a key that they own. */
async function isOneself(
  { store }: Pick<ServiceParts['world'], 'store'>,
  { subject, assurance }: Principal,
  userId: string,
): Promise<boolean> {
  if (assurance !== undefined) return subject === userId
  return (await store.findClient(subject))?.ownerId === userId
}

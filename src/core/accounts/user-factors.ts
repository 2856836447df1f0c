import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { findRuled } from './change-user.ts'
import type { Factor } from './factor.ts'
import { findUser } from './look-up-users.ts'
import { mailToPerson } from './mail-to-person.ts'
import { rulingOrdinaryPeople } from './ordinary-people.ts'
import type { User } from './user.ts'

/** One of the factors of a user. */
export interface UserFactorName {
  readonly userId: string
  readonly factorId: string
}

/** The factors of a user, the oldest first; those too that do not count yet. */
export async function listUserFactors(
  { world }: Pick<ServiceParts, 'world'>,
  userId: string,
): Promise<Result<readonly Factor[], Failure>> {
  const found = await findUser(world, userId)
  return found.ok ? ok(await world.store.listFactors(userId)) : found
}

/** Calls a factor of a user otherwise. No two of theirs have one name. */
export async function renameUserFactor(
  parts: ServiceParts,
  actor: Principal,
  { name, ...which }: UserFactorName & { readonly name: string },
): Promise<Result<Factor, Failure>> {
  const { store } = parts.world
  const found = await findFactor(parts, actor, which)
  if (!found.ok) return found
  const { factor, all } = found.value
  if (all.some((other) => other.id !== factor.id && other.name === name)) {
    return fail({ reason: 'factor_name_taken' })
  }
  const renamed = await store.renameFactor({ id: factor.id, userId: which.userId, name })
  return renamed ? ok({ ...factor, name }) : fail({ reason: 'factor_not_found' })
}

/** Takes a factor from a user. What it gave to sessions is taken from them, and its owner is told by mail. */
export async function removeUserFactor(
  parts: ServiceParts,
  actor: Principal,
  which: UserFactorName,
): Promise<Result<Factor, Failure>> {
  const { world } = parts
  return untilSettled<Result<Factor, Failure>>(async () => {
    const found = await findFactor(parts, actor, which)
    if (!found.ok) return found
    const { user, factor } = found.value
    const now = world.now()
    const facts = { factor: factor.name, at: now.toISOString() }
    const counts = factor.activatedAt !== undefined
    const mails = counts ? [mailToPerson(world, { user, kind: 'factor-removed', facts }, now)] : []
    const proof = { kind: 'administrator' } as const
    const removed = await world.store.removeFactor(
      { id: factor.id, userId: user.id, proof, at: now },
      { mails },
    )
    if (!removed) return changed
    parts.memory.people.forget(user.id)
    return ok(factor)
  })
}

async function findFactor(
  parts: ServiceParts,
  actor: Principal,
  { userId, factorId }: UserFactorName,
): Promise<
  Result<{ readonly user: User; readonly factor: Factor; readonly all: readonly Factor[] }, Failure>
> {
  const ruling = await rulingOrdinaryPeople(parts.world, actor)
  const found = await findRuled(parts, { actor: ruling, id: userId })
  if (!found.ok) return found
  const all = await parts.world.store.listFactors(userId)
  const factor = all.find(({ id }) => id === factorId)
  return factor === undefined
    ? fail({ reason: 'factor_not_found' })
    : ok({ user: found.value.user, factor, all })
}

import type { World } from '../ports.ts'
import type { Principal } from '../tokens/verify.ts'
import { userRoleName } from './role.ts'

/**
 * One of the operator's own programs as it looks after people: it rules over whoever has the role of those who register,
 * whatever that permits, and over others only if it holds what they may. So it makes nobody do what it cannot, and its
 * key is no way into the account of an administrator.
 */
export async function rulingOrdinaryPeople(
  { store }: Pick<World, 'store'>,
  actor: Principal,
): Promise<Principal> {
  const ordinary = await store.findRoleByName(userRoleName)
  return { ...actor, permissions: [...actor.permissions, ...(ordinary?.permissions ?? [])] }
}

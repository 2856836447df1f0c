import type { Failure } from '../failure.ts'
import { uncovered } from '../permissions.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { adminRoleName, type Role } from './role.ts'

export type NewRole = Pick<Role, 'name' | 'permissions' | 'secondFactorRequired'>

/** Adds a role. Nobody can give what they do not hold. */
export async function createRole(
  world: World,
  actor: Principal,
  wanted: NewRole,
): Promise<Result<Role, Failure>> {
  const held = holds(actor, wanted.permissions)
  if (!held.ok) return held
  const role: Role = { ...wanted, id: world.newId(), createdAt: world.now(), builtIn: false, version: 1 }
  const inserted = await world.store.insertRole(role)
  return inserted ? ok(role) : fail({ reason: 'role_name_taken' })
}

/** What an update may set; undefined leaves a field as it is. */
export type RoleUpdate = { readonly [K in keyof NewRole]?: NewRole[K] | undefined }

/**
 * Changes a role, by somebody who holds all that it permits before and after. What is taken is gone from the tokens that
 * live within the second; what is given comes with the next token.
 */
export function updateRole(
  parts: ServiceParts,
  actor: Principal,
  { id, update }: { readonly id: string; readonly update: RoleUpdate },
): Promise<Result<Role, Failure>> {
  const { store } = parts.world
  return untilSettled(async () => {
    const role = await store.findRole(id)
    if (role === undefined) return fail({ reason: 'role_not_found' })
    const next: Role = {
      ...role,
      name: update.name ?? role.name,
      permissions: update.permissions ?? role.permissions,
      secondFactorRequired: update.secondFactorRequired ?? role.secondFactorRequired,
      version: role.version + 1,
    }
    if (changesWhatIsFixed(role, next)) return fail({ reason: 'role_built_in', name: role.name })
    const held = holds(actor, [...role.permissions, ...next.permissions])
    if (!held.ok) return held
    const outcome = await store.replaceRole(next)
    if (outcome === 'stale') return changed
    if (outcome === 'name_taken') return fail({ reason: 'role_name_taken' })
    parts.memory.people.forgetAll()
    return ok(next)
  })
}

/** Deletes a role that nobody has. */
export function deleteRole(
  parts: ServiceParts,
  actor: Principal,
  id: string,
): Promise<Result<Role, Failure>> {
  const { store } = parts.world
  return untilSettled(async () => {
    const role = await store.findRole(id)
    if (role === undefined) return fail({ reason: 'role_not_found' })
    if (role.builtIn) return fail({ reason: 'role_built_in', name: role.name })
    const held = holds(actor, role.permissions)
    if (!held.ok) return held
    const outcome = await store.deleteRole(role)
    if (outcome === 'stale') return changed
    return outcome === 'in_use' ? fail({ reason: 'role_in_use' }) : ok(role)
  })
}

/** Refuses an actor who lacks some of the permissions: of a role to be given, or of whom is acted on. */
export function holds(
  { permissions: held }: Pick<Principal, 'permissions'>,
  permissions: readonly string[],
): Result<void, Failure> {
  const missing = [...new Set(uncovered(held, permissions))]
  return missing.length === 0 ? ok(undefined) : fail({ reason: 'permissions_not_held', permissions: missing })
}

/** Ours keep their names, since we look for them; and `admin` may do everything, so that somebody can mend the rest. */
function changesWhatIsFixed(role: Role, next: Role): boolean {
  if (!role.builtIn) return false
  if (next.name !== role.name) return true
  return role.name === adminRoleName && next.permissions.join(' ') !== role.permissions.join(' ')
}

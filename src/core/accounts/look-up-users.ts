import type { Failure } from '../failure.ts'
import { idForms, type Listing, listing, type PageRequest, parsePage } from '../page.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonSession } from '../tokens/session.ts'
import { parseEmail } from './email.ts'
import { listSignIns } from './own-sign-ins.ts'
import type { Role } from './role.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { UserWithRole } from './user.ts'

/** A page of all roles, oldest first. */
export async function listRoles(
  { store }: Pick<World, 'store'>,
  request: PageRequest,
): Promise<Result<Listing<Role>, Failure>> {
  const page = parsePage(request, idForms.uuid)
  if (!page.ok) return page
  return ok(listing(await store.listRoles({ ...page.value, limit: request.limit + 1 }), request.limit))
}

/** A page of all users but the erased, oldest first; or the one of an address. */
export async function listUsers(
  { store }: Pick<World, 'store'>,
  { email: text, ...request }: PageRequest & { readonly email: string | undefined },
): Promise<Result<Listing<UserWithRole>, Failure>> {
  if (text !== undefined) {
    const email = parseEmail(text)
    const found = email === undefined ? undefined : await store.findUserByEmail(email)
    return ok({ items: found === undefined ? [] : [found], nextCursor: undefined })
  }
  const page = parsePage(request, idForms.uuid)
  if (!page.ok) return page
  const rows = await store.listUsers({ ...page.value, limit: request.limit + 1 })
  const placed = rows.map((row) => ({ ...row, id: row.user.id, createdAt: row.user.createdAt }))
  return ok(listing(placed, request.limit))
}

export async function findUser(
  { store }: Pick<World, 'store'>,
  id: string,
): Promise<Result<UserWithRole, Failure>> {
  const found = await store.findUser(id)
  if (found === undefined || found.user.erasedAt !== undefined) return fail({ reason: 'user_not_found' })
  return ok(found)
}

/** The live sessions of a user, newest first. */
export async function listUserSessions(
  world: Pick<World, 'store' | 'now'>,
  id: string,
): Promise<Result<readonly PersonSession[], Failure>> {
  const found = await findUser(world, id)
  return found.ok ? ok(await world.store.listPersonSessions(id, world.now())) : found
}

/** A page of the sign-ins of a user, newest first. */
export async function listUserSignIns(
  parts: ServiceParts,
  id: string,
  request: PageRequest,
): Promise<Result<Listing<SignInRecord>, Failure>> {
  const found = await findUser(parts.world, id)
  return found.ok ? listSignIns(parts, id, request) : found
}

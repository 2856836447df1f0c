import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { admitNewPassword } from './admit-new-password.ts'
import { parseEmail } from './email.ts'
import { confirmationMail, confirmationToken } from './email-confirmation.ts'
import { type NewUser, newUser } from './new-user.ts'
import { type Role, userRoleName } from './role.ts'
import { holds } from './roles.ts'
import type { UserWithRole } from './user.ts'
import { isUsername } from './username.ts'

/** Whom an administrator adds. */
export interface AddedUser extends NewUser {
  readonly email: string
  /** The name of the role; undefined takes that of those who register. */
  readonly role: string | undefined
  /** Undefined leaves the account without one, until its owner is invited. */
  readonly password: string | undefined
  /** True where the administrator vouches for the address; otherwise its owner is asked to confirm it. */
  readonly emailConfirmed: boolean
}

/** Adds a user, with a role of which the actor holds all. Unlike a registration it tells what is taken. */
export async function addUser(
  parts: ServiceParts,
  actor: Principal,
  wanted: AddedUser,
): Promise<Result<UserWithRole, Failure>> {
  const { world, policy } = parts
  const named = admitNames(wanted)
  if (!named.ok) return named
  const { email } = named.value
  const { password } = wanted
  // Before the hash: who may not do it shall not make us work.
  const judged = await admitRole(parts, actor, wanted.role)
  if (!judged.ok) return judged
  if (password !== undefined) {
    const { username, name, surname } = wanted
    const owner = { email, username, name, surname, role: judged.value }
    const chosen = await admitNewPassword(parts, owner, password)
    if (!chosen.ok) return chosen
  }
  const passwordHash = password === undefined ? undefined : await world.passwords.hash(password)
  return untilSettled(async () => {
    const role = await admitRole(parts, actor, wanted.role)
    if (!role.ok) return role
    const now = world.now()
    const fresh = newUser(
      { ...wanted, email },
      { id: world.newId(), roleId: role.value.id, passwordHash, now },
    )
    const user = { ...fresh, emailConfirmedAt: wanted.emailConfirmed ? now : undefined }
    const asks =
      passwordHash !== undefined && !wanted.emailConfirmed && policy.accounts.emailConfirmation !== 'off'
    const link = asks ? confirmationToken(world, user, now) : undefined
    const mails = link ? [confirmationMail(world, { user, ...link, locale: user.locale }, now)] : []
    const roleVersion = role.value.version
    const outcome = await world.store.addUser(user, { roleVersion, token: link?.token, mails })
    if (outcome === 'stale') return changed
    if (outcome === 'email_kept') return fail({ reason: 'email_taken' })
    return outcome === 'added' ? ok({ user, role: role.value }) : fail({ reason: outcome })
  })
}

/** Reads the address of a user to be added, and judges the name. */
export function admitNames({
  email: text,
  username,
}: { readonly email: string } & Pick<NewUser, 'username'>): Result<{ readonly email: string }, Failure> {
  const email = parseEmail(text)
  if (email === undefined) return fail({ reason: 'email_invalid' })
  if (username !== undefined && !isUsername(username)) return fail({ reason: 'username_invalid' })
  return ok({ email })
}

/** Finds the role that somebody is to have; refused where it permits what the actor does not hold. */
export async function admitRole(
  { world }: ServiceParts,
  actor: Principal,
  name: string | undefined,
): Promise<Result<Role, Failure>> {
  const role = await world.store.findRoleByName(name ?? userRoleName)
  if (role === undefined) return fail({ reason: 'role_not_found' })
  const held = holds(actor, role.permissions)
  return held.ok ? ok(role) : held
}

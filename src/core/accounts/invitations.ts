import { auditEvent } from '../audit/event.ts'
import type { Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { World } from '../ports.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import { personClientId } from '../tokens/access-claims.ts'
import type { Principal } from '../tokens/verify.ts'
import { admitNames, admitRole } from './add-users.ts'
import type { UserProfileChange } from './administration-store.ts'
import { admitNewPassword } from './admit-new-password.ts'
import { writeUser } from './change-user.ts'
import { queuedMail } from './mail.ts'
import { addressOf } from './manage-users.ts'
import { type NewUser, newUser } from './new-user.ts'
import { findOneTimeToken, mintOneTimeToken } from './one-time-token-text.ts'
import { holds } from './roles.ts'
import type { User, UserWithRole } from './user.ts'
import { userState } from './user-state.ts'
import { isUsername } from './username.ts'

const TTL_SECONDS = 72 * 3600

export interface Invitation extends NewUser {
  readonly email: string
  /** The name of the role; undefined takes that of those who register, or leaves the one of an earlier invitation. */
  readonly role: string | undefined
}

/** Invites somebody by mail. Whoever was invited before and has not come gets a new link; the old one is void. */
export function inviteUser(
  parts: ServiceParts,
  actor: Principal,
  wanted: Invitation,
): Promise<Result<UserWithRole, Failure>> {
  const { world } = parts
  return untilSettled(async () => {
    const named = admitNames(wanted)
    if (!named.ok) return named
    const { email } = named.value
    const found = await world.store.findUserByEmail(email)
    if (found !== undefined) return inviteAgain(parts, actor, { found, role: wanted.role })
    const role = await admitRole(parts, actor, wanted.role)
    if (!role.ok) return role
    const now = world.now()
    const of = { id: world.newId(), roleId: role.value.id, passwordHash: undefined, now }
    const user = newUser({ ...wanted, email }, of)
    const roleVersion = role.value.version
    const outcome = await world.store.addUser(user, { roleVersion, ...invitationOf(world, user, now) })
    // An address that has just been taken may be that of somebody who is to be invited again.
    if (outcome === 'stale' || outcome === 'email_taken') return changed
    if (outcome === 'email_kept') return fail({ reason: 'email_taken' })
    return outcome === 'added' ? ok({ user, role: role.value }) : fail({ reason: outcome })
  })
}

async function inviteAgain(
  parts: ServiceParts,
  actor: Principal,
  { found, role: roleName }: { readonly found: UserWithRole; readonly role: string | undefined },
): Promise<Result<UserWithRole, Failure> | typeof changed> {
  const { world } = parts
  const { user } = found
  if (userState(user) !== 'invited') return fail({ reason: 'email_taken' })
  const held = holds(actor, found.role.permissions)
  if (!held.ok) return held
  const role = await admitRole(parts, actor, roleName ?? found.role.name)
  if (!role.ok) return role
  const { id: roleId, version: roleVersion } = role.value
  const written = await writeUser(parts, {
    id: user.id,
    version: user.version,
    standing: { roleId },
    roleVersion,
    ...invitationOf(world, user, world.now()),
  })
  if (written === changed) return changed
  return written.ok ? ok({ user: { ...user, roleId }, role: role.value }) : written
}

function invitationOf(world: World, user: User, now: Date) {
  const { text, token } = mintOneTimeToken(
    world,
    { userId: user.id, purpose: 'invite', email: user.email, ttlSeconds: TTL_SECONDS },
    now,
  )
  const facts = { token: text, expiresAt: token.expiresAt.toISOString() }
  const order = { kind: 'invite', facts, voidKey: `invite:${user.id}`, ...addressOf(user) } as const
  return { token, mails: [queuedMail(world, order, now)] }
}

/** What somebody who was invited chooses. */
export interface InvitationAnswer {
  readonly token: string
  readonly password: string
  readonly profile: UserProfileChange
}

/** Lets in whoever shows the link of an invitation: it proves the address, and sets the first password. */
export async function acceptInvitation(
  parts: ServiceParts,
  { token: text, password, profile }: InvitationAnswer,
  caller: Caller,
): Promise<Result<UserWithRole, Failure>> {
  const { world, memory } = parts
  const now = world.now()
  const invalid = fail({ reason: 'one_time_token_invalid' } as const)
  const token = await findOneTimeToken(world, text, { purpose: 'invite', now })
  if (token === undefined) return invalid
  const found = await world.store.findUser(token.userId)
  if (found === undefined || userState(found.user) !== 'invited') return invalid
  const { id: userId, email } = found.user
  const { username } = profile
  if (username != null && !isUsername(username)) return fail({ reason: 'username_invalid' })
  const said = {
    email,
    username: username ?? found.user.username,
    name: profile.name ?? found.user.name,
    surname: profile.surname ?? found.user.surname,
    role: found.role,
  }
  const chosen = await admitNewPassword(parts, said, password)
  if (!chosen.ok) return chosen
  const passwordHash = await world.passwords.hash(password)
  const told = { kind: 'user.invite-accept', clientId: personClientId, userId, target: userId } as const
  const event = auditEvent(world, told, caller)
  const outcome = await world.store.acceptInvite(token, { at: now, passwordHash, profile, event })
  if (outcome === 'invalid') return invalid
  if (outcome === 'username_taken') return fail({ reason: 'username_taken' })
  memory.people.forget(userId)
  const after = await world.store.findUser(userId)
  return after === undefined ? invalid : ok(after)
}

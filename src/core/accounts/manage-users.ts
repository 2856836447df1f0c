import type { Failure } from '../failure.ts'
import { changed, untilSettled } from '../race.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Principal } from '../tokens/verify.ts'
import { endingOf } from './account-ending.ts'
import type { UserProfileChange } from './administration-store.ts'
import { changeUser, findRuled } from './change-user.ts'
import { deleteUser as deleteAccount, erasedFrom } from './delete-account.ts'
import { passwordResetLink } from './forgot-password.ts'
import { queuedMail } from './mail.ts'
import { holds } from './roles.ts'
import type { User, UserWithRole } from './user.ts'
import { type UserState, userState } from './user-state.ts'
import { isUsername } from './username.ts'

type Changed = Promise<Result<UserWithRole, Failure>>

/** What an administrator may set of a user; undefined leaves a field as it is, null empties it. */
export interface UserUpdate {
  readonly profile: UserProfileChange
  /** The name of another role. */
  readonly role: string | undefined
}

/** Changes what a user says of themselves, or gives them another role, of which the actor holds all. */
export function updateUser(
  parts: ServiceParts,
  actor: Principal,
  { id, update: { profile, role: roleName } }: { readonly id: string; readonly update: UserUpdate },
): Changed {
  const { store } = parts.world
  return changeUser(parts, { actor, id }, async ({ user, role }) => {
    const state = userState(user)
    if (state === 'deleted') return notCurrent(state)
    if (profile.username != null && !isUsername(profile.username)) return fail({ reason: 'username_invalid' })
    const says = Object.values(profile).some((value) => value !== undefined)
    if (roleName === undefined || roleName === role.name) return ok(says ? { profile } : undefined)
    const given = await store.findRoleByName(roleName)
    if (given === undefined) return fail({ reason: 'role_not_found' })
    const held = holds(actor, given.permissions)
    if (!held.ok) return held
    return ok({ profile, standing: { roleId: given.id }, roleVersion: given.version })
  })
}

/** Stops a user until they are enabled again: sessions, tokens, links and the keys that they own, at once. */
export function disableUser(parts: ServiceParts, actor: Principal, id: string): Changed {
  return changeUser(parts, { actor, id }, ({ user }, now) => {
    if (user.deletedAt !== undefined) return notCurrent(userState(user))
    if (user.disabledAt !== undefined) return ok(undefined)
    return ok({ standing: { disabledAt: now }, ending: endingOf(parts, { userId: id, now }) })
  })
}

/** Lets a disabled user sign in again. Their keys work as before; their sessions stay ended. */
export function enableUser(parts: ServiceParts, actor: Principal, id: string): Changed {
  return changeUser(parts, { actor, id }, ({ user }) => {
    if (user.deletedAt !== undefined) return notCurrent(userState(user))
    return ok(user.disabledAt === undefined ? undefined : { standing: { disabledAt: null } })
  })
}

/** Deletes a user as they would themselves: everything ends at once, and for a while can be restored. */
export function deleteUser(parts: ServiceParts, actor: Principal, id: string): Changed {
  return untilSettled(async () => {
    const found = await findRuled(parts, { actor, id })
    if (!found.ok || found.value.user.deletedAt !== undefined) return found
    const deleted = await deleteAccount(parts, found.value.user, { passwordHash: undefined })
    if (deleted === changed) return changed
    return deleted.ok ? findRuled(parts, { actor, id }) : deleted
  })
}

/** Brings a deleted user back, within the time that was promised. */
export function restoreUser(parts: ServiceParts, actor: Principal, id: string): Changed {
  return changeUser(parts, { actor, id }, ({ user }, now) => {
    if (user.deletedAt === undefined) return notCurrent(userState(user))
    // Its time is over, whether or not anybody has erased it yet.
    if (erasedFrom(user.deletedAt) <= now) return notCurrent('erased')
    const order = { kind: 'account-restored', facts: {}, voidKey: undefined, ...addressOf(user) } as const
    return ok({ standing: { deletedAt: null }, mails: [queuedMail(parts.world, order, now)] })
  })
}

/** Forces a new password: the old one and all sessions are good for nothing, and a link is mailed. */
export function forcePasswordReset(parts: ServiceParts, actor: Principal, id: string): Changed {
  return changeUser(parts, { actor, id }, ({ user }, now) => {
    const state = userState(user)
    if (state !== 'active') return notCurrent(state)
    const { token, mail } = passwordResetLink(parts.world, user, now)
    return ok({
      standing: { mustResetPassword: true },
      ending: endingOf(parts, { userId: undefined, now }),
      token,
      mails: [mail],
    })
  })
}

/** Ends all sessions of a user. What they would sign in with stays good. */
export function endUserSessions(parts: ServiceParts, actor: Principal, id: string): Changed {
  return changeUser(parts, { actor, id }, (_found, now) =>
    ok({ standing: {}, ending: endingOf(parts, { userId: undefined, now }) }),
  )
}

/** To whom a mail goes, and in which language. */
export function addressOf({ id, email, locale }: Pick<User, 'id' | 'email' | 'locale'>) {
  return { to: email, userId: id, locale }
}

function notCurrent(state: UserState): Result<never, Failure> {
  return fail({ reason: 'user_not_current', state })
}

import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { ApiKey } from '../keys/api-key.ts'
import type { IssuedKey } from '../keys/issue.ts'
import type { Listing, PageRequest } from '../page.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonSession } from '../tokens/session.ts'
import { type AddedUser, addUser } from './add-users.ts'
import { clearFactors } from './clear-factors.ts'
import { acceptInvitation, type Invitation, type InvitationAnswer, inviteUser } from './invitations.ts'
import * as lookUp from './look-up-users.ts'
import * as manage from './manage-users.ts'
import { issueOwnKey, listOwnKeys, type OwnKeyOrder, revokeOwnKey } from './own-keys.ts'
import { bindProvisioning, type ProvisioningService } from './provisioning.ts'
import type { Role } from './role.ts'
import { createRole, deleteRole, type NewRole, type RoleUpdate, updateRole } from './roles.ts'
import type { SignInRecord } from './sign-in-record.ts'
import type { UserWithRole } from './user.ts'

type UserChanged = (actor: Actor, id: string) => Promise<Result<UserWithRole, Failure>>

/** The use cases of those who look after roles and people, in person or by programs, and of people who look after keys of their own. */
export interface AdministrationService extends ProvisioningService {
  readonly listRoles: (page: PageRequest) => Promise<Result<Listing<Role>, Failure>>
  readonly findRole: (id: string) => Promise<Result<Role, Failure>>
  readonly createRole: (actor: Actor, wanted: NewRole) => Promise<Result<Role, Failure>>
  readonly updateRole: (
    actor: Actor,
    order: { readonly id: string; readonly update: RoleUpdate },
  ) => Promise<Result<Role, Failure>>
  readonly deleteRole: (actor: Actor, id: string) => Promise<Result<Role, Failure>>

  readonly listUsers: (
    page: PageRequest & { readonly email: string | undefined },
  ) => Promise<Result<Listing<UserWithRole>, Failure>>
  readonly findUser: (id: string) => Promise<Result<UserWithRole, Failure>>
  readonly listUserSessions: (id: string) => Promise<Result<readonly PersonSession[], Failure>>
  readonly listUserSignIns: (id: string, page: PageRequest) => Promise<Result<Listing<SignInRecord>, Failure>>
  readonly addUser: (actor: Actor, wanted: AddedUser) => Promise<Result<UserWithRole, Failure>>
  readonly inviteUser: (actor: Actor, wanted: Invitation) => Promise<Result<UserWithRole, Failure>>
  readonly acceptInvitation: (
    answer: InvitationAnswer,
    caller: Caller,
  ) => Promise<Result<UserWithRole, Failure>>
  readonly updateUser: (
    actor: Actor,
    order: { readonly id: string; readonly update: manage.UserUpdate },
  ) => Promise<Result<UserWithRole, Failure>>
  readonly disableUser: UserChanged
  readonly enableUser: UserChanged
  readonly deleteUser: UserChanged
  readonly restoreUser: UserChanged
  readonly forcePasswordReset: UserChanged
  readonly endUserSessions: UserChanged
  readonly clearUserFactors: UserChanged

  readonly issueOwnKey: (actor: Actor, order: OwnKeyOrder) => Promise<Result<IssuedKey, Failure>>
  readonly listOwnKeys: (actor: Actor, page: PageRequest) => Promise<Result<Listing<ApiKey>, Failure>>
  readonly revokeOwnKey: (actor: Actor, id: string) => Promise<Result<ApiKey, Failure>>
}

export function bindAdministration(parts: ServiceParts): AdministrationService {
  const { world } = parts
  return {
    ...bindProvisioning(parts),
    listRoles: (page) => lookUp.listRoles(world, page),
    async findRole(id) {
      const role = await world.store.findRole(id)
      return role === undefined ? fail({ reason: 'role_not_found' }) : ok(role)
    },
    createRole: ({ principal }, wanted) => createRole(world, principal, wanted),
    updateRole: ({ principal }, order) => updateRole(parts, principal, order),
    deleteRole: ({ principal }, id) => deleteRole(parts, principal, id),

    listUsers: (page) => lookUp.listUsers(world, page),
    findUser: (id) => lookUp.findUser(world, id),
    listUserSessions: (id) => lookUp.listUserSessions(world, id),
    listUserSignIns: (id, page) => lookUp.listUserSignIns(parts, id, page),
    addUser: ({ principal }, wanted) => addUser(parts, principal, wanted),
    inviteUser: ({ principal }, wanted) => inviteUser(parts, principal, wanted),
    acceptInvitation: (answer, caller) => acceptInvitation(parts, answer, caller),
    updateUser: ({ principal }, order) => manage.updateUser(parts, principal, order),
    disableUser: ({ principal }, id) => manage.disableUser(parts, principal, id),
    enableUser: ({ principal }, id) => manage.enableUser(parts, principal, id),
    deleteUser: ({ principal }, id) => manage.deleteUser(parts, principal, id),
    restoreUser: ({ principal }, id) => manage.restoreUser(parts, principal, id),
    forcePasswordReset: ({ principal }, id) => manage.forcePasswordReset(parts, principal, id),
    endUserSessions: ({ principal }, id) => manage.endUserSessions(parts, principal, id),
    clearUserFactors: ({ principal }, id) => clearFactors(parts, principal, id),

    issueOwnKey: (actor, order) => issueOwnKey(parts, actor, order),
    listOwnKeys: (actor, page) => listOwnKeys(parts, actor, page),
    revokeOwnKey: (actor, id) => revokeOwnKey(parts, actor, id),
  }
}

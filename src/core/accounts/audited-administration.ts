import type { AuditDraft } from '../audit/event.ts'
import type { AuditRecorder } from '../audit/recorder.ts'
import { keyCreated } from '../audit/told.ts'
import type { AdministrationService } from './administration.ts'
import { auditedProvisioning, type UnauditedProvisioning } from './audited-provisioning.ts'
import type { Role } from './role.ts'
import type { UserWithRole } from './user.ts'

/** What changes nothing: every other use case must be audited below. */
export type UnauditedAdministration =
  | UnauditedProvisioning
  | 'listRoles'
  | 'findRole'
  | 'listUsers'
  | 'findUser'
  | 'listUserSessions'
  | 'listUserSignIns'
  | 'listOwnKeys'

/** Puts the audit log around the use cases of administrators. It names users by their ids alone: history keeps no name. */
export function auditedAdministration(
  service: AdministrationService,
  recorder: AuditRecorder,
): Omit<AdministrationService, UnauditedAdministration> {
  const { byActor, byCredential } = recorder
  const changing =
    (kind: AuditDraft['kind'], change: AdministrationService['disableUser']): typeof change =>
    (actor, id) =>
      byActor(change(actor, id), { actor, draft: () => ({ kind, target: id }) })
  return {
    ...auditedProvisioning(service, recorder),
    createRole: (actor, wanted) =>
      byActor(service.createRole(actor, wanted), { actor, draft: roleTold('role.create') }),
    updateRole: (actor, order) =>
      byActor(service.updateRole(actor, order), { actor, draft: roleTold('role.update') }),
    deleteRole: (actor, id) =>
      byActor(service.deleteRole(actor, id), { actor, draft: roleTold('role.delete') }),

    addUser: (actor, wanted) =>
      byActor(service.addUser(actor, wanted), { actor, draft: userTold('user.create') }),
    inviteUser: (actor, wanted) =>
      byActor(service.inviteUser(actor, wanted), { actor, draft: userTold('user.invite') }),
    acceptInvitation: (answer, caller) =>
      byCredential(service.acceptInvitation(answer, caller), { caller, draft: () => undefined }),
    updateUser: (actor, order) =>
      byActor(service.updateUser(actor, order), {
        actor,
        draft: ({ role }) => ({
          kind: 'user.update',
          target: order.id,
          details: { fields: namesSet(order.update.profile), role: role.name },
        }),
      }),
    disableUser: changing('user.disable', service.disableUser),
    enableUser: changing('user.enable', service.enableUser),
    deleteUser: changing('user.delete', service.deleteUser),
    restoreUser: changing('user.restore', service.restoreUser),
    forcePasswordReset: changing('user.force-password-reset', service.forcePasswordReset),
    endUserSessions: changing('user.end-sessions', service.endUserSessions),
    clearUserFactors: changing('user.clear-factors', service.clearUserFactors),

    issueOwnKey: (actor, order) =>
      byActor(service.issueOwnKey(actor, order), { actor, draft: ({ key }) => keyCreated(key) }),
    revokeOwnKey: (actor, id) =>
      byActor(service.revokeOwnKey(actor, id), { actor, draft: () => ({ kind: 'key.revoke', target: id }) }),
  }
}

function roleTold(kind: AuditDraft['kind']) {
  return ({ id, name, permissions, secondFactorRequired }: Role): AuditDraft => ({
    kind,
    target: id,
    details: { name, permissions, second_factor_required: secondFactorRequired },
  })
}

function userTold(kind: AuditDraft['kind']) {
  return ({ user, role }: UserWithRole): AuditDraft => ({
    kind,
    target: user.id,
    details: { role: role.name },
  })
}

function namesSet(update: object): readonly string[] {
  return Object.entries(update).flatMap(([name, value]) => (value === undefined ? [] : [name]))
}

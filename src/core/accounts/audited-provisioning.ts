import type { AuditDraft } from '../audit/event.ts'
import type { AuditRecorder } from '../audit/recorder.ts'
import { parseApiKey } from '../keys/api-key.ts'
import type { ProvisioningService } from './provisioning.ts'
import type { UserWithRole } from './user.ts'
import type { UserLink } from './user-links.ts'
import type { UserOrder } from './user-order.ts'

/** What changes nothing: every other use case must be audited below. */
export type UnauditedProvisioning = 'pageAccounts' | 'listUserFactors'

/** Puts the audit log around the use cases of the operator's own programs, each by the key that it came with. */
export function auditedProvisioning(
  service: ProvisioningService,
  { byActor, byCredential }: AuditRecorder,
): Omit<ProvisioningService, UnauditedProvisioning> {
  return {
    admitService: (credential, caller) =>
      byCredential(service.admitService(credential, caller), {
        caller,
        keyId: () => parseApiKey(credential)?.id,
        draft: () => undefined,
      }),
    admitApplication: (key, caller) =>
      byCredential(service.admitApplication(key, caller), {
        caller,
        keyId: () => parseApiKey(key)?.id,
        draft: () => undefined,
      }),
    provisionUser: (actor, order) =>
      byActor(service.provisionUser(actor, order), { actor, draft: told('user.create') }),
    reviseUser: (actor, revision) =>
      byActor(service.reviseUser(actor, revision), {
        actor,
        draft: ({ user, role }) => ({
          kind: 'user.update',
          target: user.id,
          details: { fields: namesSaid(revision.order), role: role.name },
        }),
      }),
    dismissUser: (actor, dismissal) =>
      byActor(service.dismissUser(actor, dismissal), {
        actor,
        draft: () => ({ kind: 'user.delete', target: dismissal.id }),
      }),
    inviteByLink: (actor, order) =>
      byActor(service.inviteByLink(actor, order), { actor, draft: told('user.invite') }),
    mintUserLink: (actor, order) => byActor(service.mintUserLink(actor, order), { actor, draft: linkTold }),
    mintEmailChangeLink: (actor, order) =>
      byActor(service.mintEmailChangeLink(actor, order), { actor, draft: linkTold }),
    renameUserFactor: (actor, order) =>
      byActor(service.renameUserFactor(actor, order), {
        actor,
        draft: ({ id, userId }) => ({
          kind: 'user.update',
          target: userId,
          details: { fields: ['factor'], factor_id: id },
        }),
      }),
    removeUserFactor: (actor, which) =>
      byActor(service.removeUserFactor(actor, which), {
        actor,
        draft: ({ id, userId }) => ({ kind: 'factor.remove', target: id, details: { user_id: userId } }),
      }),
  }
}

function linkTold({ user, purpose }: UserLink): AuditDraft {
  return { kind: 'user.link', target: user.id, details: { purpose } }
}

function told(kind: AuditDraft['kind']) {
  return ({ user, role }: UserWithRole): AuditDraft => ({
    kind,
    target: user.id,
    details: { role: role.name },
  })
}

function namesSaid(order: UserOrder): readonly string[] {
  return Object.entries(order).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [name],
  )
}

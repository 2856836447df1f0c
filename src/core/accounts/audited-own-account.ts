import type { AuditRecorder } from '../audit/recorder.ts'
import type { OwnAccountService } from './own-account-service.ts'

/** What changes nothing: every other use case must be audited below. */
export type OwnAccountReading = 'listOwnSessions' | 'listOwnSignIns'

/**
 * Puts the audit log around what people do to their own accounts. Rows of what a link does are committed with it, and
 * none says what was changed to: the log outlives the account, and is to hold nobody's name.
 */
export function auditedOwnAccount(
  service: OwnAccountService,
  { byActor, byCredential }: AuditRecorder,
): Omit<OwnAccountService, OwnAccountReading> {
  return {
    forgotPassword: (request, caller) =>
      byCredential(service.forgotPassword(request, caller), { caller, draft: () => undefined }),
    resetPassword: (reset, caller) =>
      byCredential(service.resetPassword(reset, caller), { caller, draft: () => undefined }),
    confirmEmailChange: (token, caller) =>
      byCredential(service.confirmEmailChange(token, caller), { caller, draft: () => undefined }),
    undoEmailChange: (token, caller) =>
      byCredential(service.undoEmailChange(token, caller), { caller, draft: () => undefined }),
    changePassword: (actor, wish) =>
      byActor(service.changePassword(actor, wish), {
        actor,
        draft: ({ sessions }) => ({
          kind: 'user.password-change',
          target: actor.principal.subject,
          details: { sessions },
        }),
      }),
    askEmailChange: (actor, wish) =>
      byActor(service.askEmailChange(actor, wish), {
        actor,
        draft: () => ({ kind: 'user.email-change-ask', target: actor.principal.subject }),
      }),
    changeAccount: (actor, wish) =>
      byActor(service.changeAccount(actor, wish), {
        actor,
        draft: ({ userId, fields, sessions }) => ({
          kind: fields.includes('password') ? 'user.password-change' : 'user.update',
          target: userId,
          details: { fields, ...(fields.includes('password') && { sessions }) },
        }),
      }),
    updateProfile: (actor, update) =>
      byActor(service.updateProfile(actor, update), {
        actor,
        draft: () => ({
          kind: 'user.update',
          target: actor.principal.subject,
          details: {
            fields: Object.entries(update).flatMap(([name, value]) => (value === undefined ? [] : [name])),
          },
        }),
      }),
    deleteOwnAccount: (actor, password) =>
      byActor(service.deleteOwnAccount(actor, password), {
        actor,
        draft: () => ({ kind: 'user.delete', target: actor.principal.subject }),
      }),
    exportPersonalData: (actor) =>
      byActor(service.exportPersonalData(actor), {
        actor,
        draft: () => ({ kind: 'user.export', target: actor.principal.subject }),
      }),
    endOwnSession: (actor, id) =>
      byActor(service.endOwnSession(actor, id), {
        actor,
        draft: () => ({ kind: 'session.end', target: id }),
      }),
  }
}

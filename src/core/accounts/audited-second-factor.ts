import type { AuditRecorder } from '../audit/recorder.ts'
import { personTokensTold } from '../tokens/person-tokens.ts'
import type { SecondFactorService } from './second-factor-service.ts'

/** Puts the audit log around what people do about their second factor. */
export function auditedSecondFactor(
  service: SecondFactorService,
  { byActor, byCredential }: AuditRecorder,
): Omit<SecondFactorService, 'listFactors' | 'sendFactorCode' | 'challengeFactor'> {
  return {
    enrolApp: (actor, order) =>
      byActor(service.enrolApp(actor, order), {
        actor,
        draft: ({ factor }) => ({
          kind: 'factor.enrol',
          target: factor.id,
          details: { kind: factor.kind },
        }),
      }),
    enrolMailedCodes: (actor, order) =>
      byActor(service.enrolMailedCodes(actor, order), {
        actor,
        draft: ({ id, kind }) => ({ kind: 'factor.enrol', target: id, details: { kind } }),
      }),
    activateFactor: (actor, shown) =>
      byActor(service.activateFactor(actor, shown), {
        actor,
        draft: ({ factor }) => ({
          kind: 'factor.activate',
          target: factor.id,
          details: { kind: factor.kind },
        }),
      }),
    removeFactor: (actor, shown) =>
      byActor(service.removeFactor(actor, shown), {
        actor,
        draft: () => ({ kind: 'factor.remove', target: shown.id }),
      }),
    renewRecoveryCodes: (actor, shown) =>
      byActor(service.renewRecoveryCodes(actor, shown), {
        actor,
        draft: () => ({ kind: 'recovery-codes.renew' }),
      }),
    enrolAppInSession: (actor, order) =>
      byActor(service.enrolAppInSession(actor, order), {
        actor,
        draft: ({ factor }) => ({
          kind: 'factor.enrol',
          target: factor.id,
          details: { kind: factor.kind },
        }),
      }),
    raiseSession: (actor, answer) =>
      byActor(service.raiseSession(actor, answer), {
        actor,
        // That a factor came to count was committed with it.
        draft: (tokens) => ({ ...personTokensTold('session.raise', tokens), target: answer.factorId }),
      }),
    dropFactor: (actor, id) =>
      byActor(service.dropFactor(actor, id), {
        actor,
        draft: () => ({ kind: 'factor.remove', target: id }),
      }),
    mailSignInCode: (challenge, caller) =>
      // Nothing is changed yet: the sign-in that it is for is told when it ends.
      byCredential(service.mailSignInCode(challenge, caller), { caller, draft: () => undefined }),
    completeSignIn: (answer, caller) =>
      byCredential(service.completeSignIn(answer, caller), {
        caller,
        // Its row was committed with the session.
        draft: () => undefined,
      }),
  }
}

import type { AuditRecorder } from '../audit/recorder.ts'
import type { OneTimeService } from './one-time-service.ts'

/** What changes nothing that the log tells of. */
export type OneTimeUnaudited = 'sendReauthentication'

/** Puts the audit log around them: accounts and sessions are told with the rows that make them, refusals are counted. */
export function auditedOneTime(
  service: OneTimeService,
  { byCredential }: AuditRecorder,
): Omit<OneTimeService, OneTimeUnaudited> {
  const draft = () => undefined
  return {
    signUp: (request, caller) => byCredential(service.signUp(request, caller), { caller, draft }),
    signInAnonymously: (request, caller) =>
      byCredential(service.signInAnonymously(request, caller), { caller, draft }),
    sendSignIn: (request, caller) => byCredential(service.sendSignIn(request, caller), { caller, draft }),
    sendRecovery: (request, caller) => byCredential(service.sendRecovery(request, caller), { caller, draft }),
    resendMessage: (request, caller) =>
      byCredential(service.resendMessage(request, caller), { caller, draft }),
    redeemProof: (proof, caller) => byCredential(service.redeemProof(proof, caller), { caller, draft }),
    followLink: (link, caller) => byCredential(service.followLink(link, caller), { caller, draft }),
    tradeAuthCode: (trade, caller) => byCredential(service.tradeAuthCode(trade, caller), { caller, draft }),
  }
}

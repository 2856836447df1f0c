import type { AuditRecorder } from '../audit/recorder.ts'
import { personTokensTold } from '../tokens/person-tokens.ts'
import type { AccountService } from './account-service.ts'
import { auditedOneTime, type OneTimeUnaudited } from './audited-one-time.ts'
import { auditedSecondFactor } from './audited-second-factor.ts'

/** What changes nothing: every other use case must be audited below. */
type Unaudited =
  | OneTimeUnaudited
  | 'readProfile'
  | 'readAccountView'
  | 'listFactors'
  | 'sendFactorCode'
  | 'challengeFactor'

/** Puts the audit log around the use cases of people. Rows that are committed with what they tell of are not told twice. */
export function auditedAccounts(
  service: AccountService,
  recorder: AuditRecorder,
): Omit<AccountService, Unaudited> {
  const { byActor, byCredential } = recorder
  return {
    ...auditedSecondFactor(service, recorder),
    ...auditedOneTime(service, recorder),
    register: (request, caller) =>
      byCredential(service.register(request, caller), { caller, draft: () => undefined }),
    registerAndSignIn: (request, caller) =>
      byCredential(service.registerAndSignIn(request, caller), { caller, draft: () => undefined }),
    confirmEmail: (token, caller) =>
      byCredential(service.confirmEmail(token, caller), { caller, draft: () => undefined }),
    resendConfirmation: (request, caller) =>
      byCredential(service.resendConfirmation(request, caller), { caller, draft: () => undefined }),
    signIn: (request, caller) =>
      byCredential(service.signIn(request, caller), { caller, draft: () => undefined }),
    refreshPerson: (refreshToken, caller) =>
      byCredential(service.refreshPerson(refreshToken, caller), {
        caller,
        draft: (tokens) => personTokensTold('refresh', tokens),
      }),
    signOut: (actor, scope) =>
      byActor(service.signOut(actor, scope), {
        actor,
        draft: ({ sessions }) => ({
          kind: 'sign-out',
          target: actor.principal.subject,
          details: { scope, sessions },
        }),
      }),
  }
}

import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { PersonTokens } from '../tokens/person-tokens.ts'
import { refreshPerson } from '../tokens/refresh-person.ts'
import type { SessionFace } from '../tokens/session.ts'
import type { LinkRequest } from './account-limit.ts'
import { type AccountView, readAccountView } from './account-view.ts'
import { confirmEmail, resendConfirmation } from './email-confirmation.ts'
import { bindOneTime, type OneTimeService } from './one-time-service.ts'
import { readProfile } from './profile.ts'
import { type Registered, type RegistrationRequest, register } from './register.ts'
import { type Arrival, registerAndSignIn } from './register-and-sign-in.ts'
import { bindSecondFactor, type SecondFactorService } from './second-factor-service.ts'
import { type SignedIn, type SignInRequest, signIn } from './sign-in.ts'
import { type SignOutScope, signOut } from './sign-out.ts'
import type { UserWithRole } from './user.ts'

/** The use cases of people and their accounts. */
export interface AccountService extends SecondFactorService, OneTimeService {
  readonly register: (request: RegistrationRequest, caller: Caller) => Promise<Result<Registered, Failure>>
  readonly registerAndSignIn: (
    request: RegistrationRequest & { readonly face: SessionFace },
    caller: Caller,
  ) => Promise<Result<Arrival, Failure>>
  readonly confirmEmail: (
    token: string,
    caller: Caller,
  ) => Promise<Result<{ readonly userId: string }, Failure>>
  readonly resendConfirmation: (request: LinkRequest, caller: Caller) => Promise<Result<void, Failure>>
  readonly signIn: (request: SignInRequest, caller: Caller) => Promise<Result<SignedIn, Failure>>
  readonly refreshPerson: (refreshToken: string, caller: Caller) => Promise<Result<PersonTokens, Failure>>
  readonly signOut: (
    actor: Actor,
    scope: SignOutScope,
  ) => Promise<Result<{ readonly sessions: number }, Failure>>
  /** For whoever has been admitted: it asks nobody who they are. */
  readonly readAccountView: (userId: string) => Promise<Result<AccountView, Failure>>
  readonly readProfile: (actor: Actor) => Promise<Result<UserWithRole, Failure>>
}

export function bindAccounts(parts: ServiceParts): AccountService {
  return {
    ...bindSecondFactor(parts),
    ...bindOneTime(parts),
    register: (request, caller) => register(parts, request, caller),
    registerAndSignIn: (request, caller) => registerAndSignIn(parts, request, caller),
    confirmEmail: (token, caller) => confirmEmail(parts, token, caller),
    resendConfirmation: (request, caller) => resendConfirmation(parts, request, caller),
    signIn: (request, caller) => signIn(parts, request, caller),
    refreshPerson: (refreshToken, caller) => refreshPerson(parts, refreshToken, caller),
    signOut: (actor, scope) => signOut(parts, actor, scope),
    readAccountView: (userId) => readAccountView(parts, userId),
    readProfile: (actor) => readProfile(parts, actor),
  }
}

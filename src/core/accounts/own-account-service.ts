import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Listing, PageRequest } from '../page.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { LinkRequest } from './account-limit.ts'
import type { AccountWish } from './account-wish.ts'
import { askEmailChange, type EmailWish } from './ask-email-change.ts'
import { type ChangedAccount, changeAccount } from './change-account.ts'
import { changePassword, type PasswordWish } from './change-password.ts'
import { confirmEmailChange } from './confirm-email-change.ts'
import { deleteOwnAccount } from './delete-account.ts'
import { forgotPassword } from './forgot-password.ts'
import type { ProfileUpdate } from './own-account-store.ts'
import { endOwnSession, listOwnSessions, type OwnSession } from './own-sessions.ts'
import { listOwnSignIns } from './own-sign-ins.ts'
import { exportPersonalData, type PersonalData } from './personal-data.ts'
import { resetPassword } from './reset-password.ts'
import type { SignInRecord } from './sign-in-record.ts'
import { undoEmailChange } from './undo-email-change.ts'
import { updateProfile } from './update-profile.ts'
import type { UserWithRole } from './user.ts'

type Linked = Promise<Result<{ readonly userId: string }, Failure>>

/** What people do to their own accounts, by a session or by a link that they were mailed. */
export interface OwnAccountService {
  readonly forgotPassword: (request: LinkRequest, caller: Caller) => Promise<Result<void, Failure>>
  readonly resetPassword: (
    reset: { readonly token: string; readonly password: string },
    caller: Caller,
  ) => Linked
  readonly confirmEmailChange: (token: string, caller: Caller) => Linked
  readonly undoEmailChange: (token: string, caller: Caller) => Linked
  readonly changePassword: (
    actor: Actor,
    wish: PasswordWish,
  ) => Promise<Result<{ readonly sessions: number }, Failure>>
  readonly askEmailChange: (
    actor: Actor,
    wish: EmailWish,
  ) => Promise<Result<{ readonly email: string }, Failure>>
  /** The same things and more in one call, by the session alone: for faces that ask for no password. */
  readonly changeAccount: (actor: Actor, wish: AccountWish) => Promise<Result<ChangedAccount, Failure>>
  readonly updateProfile: (actor: Actor, update: ProfileUpdate) => Promise<Result<UserWithRole, Failure>>
  readonly deleteOwnAccount: (
    actor: Actor,
    password: string,
  ) => Promise<Result<{ readonly restorableUntil: Date }, Failure>>
  readonly exportPersonalData: (actor: Actor) => Promise<Result<PersonalData, Failure>>
  readonly listOwnSessions: (actor: Actor) => Promise<Result<readonly OwnSession[], Failure>>
  readonly endOwnSession: (actor: Actor, id: string) => Promise<Result<void, Failure>>
  readonly listOwnSignIns: (
    actor: Actor,
    page: PageRequest,
  ) => Promise<Result<Listing<SignInRecord>, Failure>>
}

export function bindOwnAccount(parts: ServiceParts): OwnAccountService {
  return {
    forgotPassword: (request, caller) => forgotPassword(parts, request, caller),
    resetPassword: (reset, caller) => resetPassword(parts, reset, caller),
    confirmEmailChange: (token, caller) => confirmEmailChange(parts, token, caller),
    undoEmailChange: (token, caller) => undoEmailChange(parts, token, caller),
    changePassword: (actor, wish) => changePassword(parts, actor, wish),
    askEmailChange: (actor, wish) => askEmailChange(parts, actor, wish),
    changeAccount: (actor, wish) => changeAccount(parts, actor, wish),
    updateProfile: (actor, update) => updateProfile(parts, actor, update),
    deleteOwnAccount: (actor, password) => deleteOwnAccount(parts, actor, password),
    exportPersonalData: (actor) => exportPersonalData(parts, actor),
    listOwnSessions: (actor) => listOwnSessions(parts, actor),
    endOwnSession: (actor, id) => endOwnSession(parts, actor, id),
    listOwnSignIns: (actor, page) => listOwnSignIns(parts, actor, page),
  }
}

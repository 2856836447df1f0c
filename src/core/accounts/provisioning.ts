import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { AdmittedCall } from '../tokens/admit-call.ts'
import { admitApplication, admitService } from '../tokens/admit-service.ts'
import { dismissUser } from './dismiss-user.ts'
import { type EmailChangeLinkOrder, mintEmailChangeLink } from './email-change-links.ts'
import type { Factor } from './factor.ts'
import { type AccountQuery, type AccountsPage, pageAccounts } from './page-accounts.ts'
import { type NewUserOrder, provisionUser } from './provision-user.ts'
import { reviseUser } from './revise-user.ts'
import type { UserWithRole } from './user.ts'
import { listUserFactors, removeUserFactor, renameUserFactor, type UserFactorName } from './user-factors.ts'
import { inviteByLink, mintUserLink, type UserLink, type UserLinkOrder } from './user-links.ts'
import type { UserOrder } from './user-order.ts'

/** The use cases of the operator's own programs, which look after people as the Supabase face lets them. */
export interface ProvisioningService {
  /** Admits one of them, by whatever it shows. */
  readonly admitService: (credential: string, caller: Caller) => Promise<Result<AdmittedCall, Failure>>
  /**
   * Admits the key by which an application names itself beside whoever uses it; undefined for what is no key of ours. A
   * secret one is refused where everybody can read it.
   */
  readonly admitApplication: (
    key: string,
    caller: Caller,
  ) => Promise<Result<AdmittedCall | undefined, Failure>>
  readonly pageAccounts: (query: AccountQuery) => Promise<AccountsPage>
  readonly provisionUser: (actor: Actor, order: NewUserOrder) => Promise<Result<UserWithRole, Failure>>
  readonly reviseUser: (
    actor: Actor,
    revision: { readonly id: string; readonly order: UserOrder },
  ) => Promise<Result<UserWithRole, Failure>>
  readonly dismissUser: (
    actor: Actor,
    dismissal: { readonly id: string; readonly softly: boolean },
  ) => Promise<Result<void, Failure>>
  readonly inviteByLink: (
    actor: Actor,
    order: Omit<UserLinkOrder, 'purpose' | 'password'>,
  ) => Promise<Result<UserLink, Failure>>
  readonly mintUserLink: (actor: Actor, order: UserLinkOrder) => Promise<Result<UserLink, Failure>>
  readonly mintEmailChangeLink: (
    actor: Actor,
    order: EmailChangeLinkOrder,
  ) => Promise<Result<UserLink, Failure>>
  readonly listUserFactors: (userId: string) => Promise<Result<readonly Factor[], Failure>>
  readonly renameUserFactor: (
    actor: Actor,
    order: UserFactorName & { readonly name: string },
  ) => Promise<Result<Factor, Failure>>
  readonly removeUserFactor: (actor: Actor, which: UserFactorName) => Promise<Result<Factor, Failure>>
}

export function bindProvisioning(parts: ServiceParts): ProvisioningService {
  return {
    admitService: (credential, caller) => admitService(parts, credential, caller),
    admitApplication: (key, caller) => admitApplication(parts, key, caller),
    pageAccounts: (query) => pageAccounts(parts, query),
    provisionUser: ({ principal }, order) => provisionUser(parts, principal, order),
    reviseUser: ({ principal }, revision) => reviseUser(parts, principal, revision),
    dismissUser: ({ principal }, dismissal) => dismissUser(parts, principal, dismissal),
    inviteByLink: ({ principal }, order) => inviteByLink(parts, principal, order),
    mintUserLink: ({ principal }, order) => mintUserLink(parts, principal, order),
    mintEmailChangeLink: ({ principal }, order) => mintEmailChangeLink(parts, principal, order),
    listUserFactors: (userId) => listUserFactors(parts, userId),
    renameUserFactor: ({ principal }, order) => renameUserFactor(parts, principal, order),
    removeUserFactor: ({ principal }, which) => removeUserFactor(parts, principal, which),
  }
}

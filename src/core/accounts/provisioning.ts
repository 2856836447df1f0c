import type { Actor, Caller } from '../caller.ts'
import type { Failure } from '../failure.ts'
import type { Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { AdmittedCall } from '../tokens/admit-call.ts'
import { admitService } from '../tokens/admit-service.ts'
import { dismissUser } from './dismiss-user.ts'
import { type AccountQuery, type AccountsPage, pageAccounts } from './page-accounts.ts'
import { type NewUserOrder, provisionUser } from './provision-user.ts'
import { reviseUser } from './revise-user.ts'
import type { UserWithRole } from './user.ts'
import { inviteByLink, mintUserLink, type UserLink, type UserLinkOrder } from './user-links.ts'
import type { UserOrder } from './user-order.ts'

/** The use cases of the operator's own programs, which look after people as the Supabase face lets them. */
export interface ProvisioningService {
  /** Admits one of them, by whatever it shows. */
  readonly admitService: (credential: string, caller: Caller) => Promise<Result<AdmittedCall, Failure>>
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
}

export function bindProvisioning(parts: ServiceParts): ProvisioningService {
  return {
    admitService: (credential, caller) => admitService(parts, credential, caller),
    pageAccounts: (query) => pageAccounts(parts, query),
    provisionUser: ({ principal }, order) => provisionUser(parts, principal, order),
    reviseUser: ({ principal }, revision) => reviseUser(parts, principal, revision),
    dismissUser: ({ principal }, dismissal) => dismissUser(parts, principal, dismissal),
    inviteByLink: ({ principal }, order) => inviteByLink(parts, principal, order),
    mintUserLink: ({ principal }, order) => mintUserLink(parts, principal, order),
  }
}

import type { ServiceParts } from '../service-parts.ts'
import { type AccountView, accountView } from './account-view.ts'
import type { AccountPage } from './administration-store.ts'

/** A page of all accounts but the erased, by its number. */
export interface AccountQuery extends Pick<AccountPage, 'order'> {
  /** From 1. */
  readonly page: number
  readonly perPage: number
  /** What the address has in it, in any case; undefined for everybody. */
  readonly filter: string | undefined
}

export interface AccountsPage {
  readonly accounts: readonly AccountView[]
  readonly total: number
}

export async function pageAccounts(
  { world }: Pick<ServiceParts, 'world'>,
  { page, perPage, filter, order }: AccountQuery,
): Promise<AccountsPage> {
  // No address has these, and no database takes them.
  if (filter !== undefined && (!filter.isWellFormed() || filter.includes('\0')))
    return { accounts: [], total: 0 }
  const emailPart = filter?.toLowerCase()
  const offset = (page - 1) * perPage
  const { records, total } = await world.store.pageAccounts({ offset, limit: perPage, emailPart, order })
  const now = world.now()
  return { accounts: records.map((record) => accountView(world, record, now)), total }
}

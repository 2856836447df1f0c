import type { OneTimeToken } from '../core/accounts/one-time-token.ts'
import type { Database } from './database.ts'
import { voidOneTimeTokens } from './one-time-tokens.ts'

/** Voids what was asked for of another address or number by somebody who had shown less than is asked from now on. */
export async function voidAddressChanges(tx: Pick<Database, 'delete'>, userId: string): Promise<void> {
  for (const purpose of addressChanges) await voidOneTimeTokens(tx, { userId, purpose })
}

const addressChanges = [
  'email-change',
  'supabase-email-change',
  'supabase-email-change-current',
  'phone-change',
] as const satisfies readonly OneTimeToken['purpose'][]

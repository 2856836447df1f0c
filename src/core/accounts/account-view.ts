import type { Failure } from '../failure.ts'
import { fail, ok, type Result } from '../result.ts'
import type { ServiceParts } from '../service-parts.ts'
import type { Factor } from './factor.ts'
import { identitiesOf } from './identities.ts'
import type { Identity } from './identity.ts'
import type { OneTimeToken, OneTimeTokenPurpose } from './one-time-token.ts'
import type { UserWithRole } from './user.ts'

/** An account with all that hangs on it and may be shown, as the store finds it at one moment. */
export interface AccountRecord extends UserWithRole {
  /** Those that were imported, the oldest first. */
  readonly identities: readonly Identity[]
  /** The oldest first; those too that do not count yet. */
  readonly factors: readonly AccountFactor[]
  /** Of each purpose the one-time token that was made last. */
  readonly newest: readonly NewestToken[]
}

export type AccountFactor = Omit<Factor, 'sealedSecret' | 'lastStep'>
export type NewestToken = Pick<
  OneTimeToken,
  'purpose' | 'email' | 'phone' | 'createdAt' | 'expiresAt' | 'usedAt'
>

export interface AccountViewStore {
  /** In one statement. */
  readonly findAccountRecord: (userId: string) => Promise<AccountRecord | undefined>
}

/** The same as it is shown: with the identities that follow from the user, and what is under way. */
export interface AccountView extends UserWithRole {
  readonly identities: readonly Identity[]
  readonly factors: readonly AccountFactor[]
  readonly sent: SentTokens
}

/** When what was sent last, while it is kept; of a change that is under way also to what. */
export interface SentTokens {
  readonly confirmationAt: Date | undefined
  readonly recoveryAt: Date | undefined
  readonly reauthenticationAt: Date | undefined
  readonly emailChange: { readonly to: string | undefined; readonly at: Date } | undefined
  readonly phoneChange: { readonly to: string | undefined; readonly at: Date } | undefined
}

/** An account as its owner, or who administers it, is shown it. Whoever asks has been admitted already. */
export async function readAccountView(
  { world }: Pick<ServiceParts, 'world'>,
  userId: string,
): Promise<Result<AccountView, Failure>> {
  const record = await world.store.findAccountRecord(userId)
  if (record === undefined || record.user.erasedAt !== undefined) return fail({ reason: 'user_not_found' })
  return ok(accountView(world, record, world.now()))
}

export function accountView(
  world: Pick<ServiceParts['world'], 'fingerprint'>,
  { user, role, identities, factors, newest }: AccountRecord,
  now: Date,
): AccountView {
  return {
    user,
    role,
    factors,
    identities: identitiesOf(world, user, identities),
    sent: sentTokens(newest, now),
  }
}

function sentTokens(newest: readonly NewestToken[], now: Date): SentTokens {
  const of = (...purposes: readonly OneTimeTokenPurpose[]) =>
    newest
      .filter(({ purpose }) => purposes.includes(purpose))
      .sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime())
  const at = (...purposes: readonly OneTimeTokenPurpose[]) => of(...purposes)[0]?.createdAt
  const open = ({ usedAt, expiresAt }: NewestToken) => usedAt === undefined && expiresAt > now
  const toNew = of('supabase-email-change', 'email-change')[0]
  const toOld = of('supabase-email-change-current')[0]
  const [phone] = of('phone-change')
  // Either half may be done before the other.
  const emailChanges = toNew !== undefined && (open(toNew) || (toOld !== undefined && open(toOld)))
  return {
    confirmationAt: at('sign-up', 'email-confirm'),
    recoveryAt: at('recovery', 'magic-link', 'password-reset'),
    reauthenticationAt: at('reauthentication'),
    emailChange: emailChanges ? { to: toNew.email, at: toNew.createdAt } : undefined,
    phoneChange: phone && open(phone) ? { to: phone.phone, at: phone.createdAt } : undefined,
  }
}

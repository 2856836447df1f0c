import type { AccountFactor, AccountView } from '../../core/accounts/account-view.ts'
import { appMetadataOf } from '../../core/accounts/app-metadata.ts'
import type { Identity } from '../../core/accounts/identity.ts'

/** Of everybody who is signed in, in tokens and in the user object. */
export const userAudience = 'authenticated'

/** The user object of this face: a field that there is nothing of is left out, but for the two that clients compare. */
export function spellUser({
  user,
  identities,
  factors,
  sent,
}: Omit<AccountView, 'role'>): Readonly<Record<string, unknown>> {
  const confirmed = [user.emailConfirmedAt, user.phoneConfirmedAt].filter((at) => at !== undefined)
  const shown = factors.filter(isShownFactor)
  return {
    id: user.id,
    aud: userAudience,
    role: user.claimRole,
    email: user.email ?? '',
    ...time('email_confirmed_at', user.emailConfirmedAt),
    ...time('invited_at', user.invitedAt),
    phone: user.signInPhone ?? '',
    ...time('phone_confirmed_at', user.phoneConfirmedAt),
    ...time('confirmation_sent_at', sent.confirmationAt),
    ...time('confirmed_at', earliest(confirmed)),
    ...time('recovery_sent_at', sent.recoveryAt),
    ...text('new_email', sent.emailChange?.to),
    ...time('email_change_sent_at', sent.emailChange?.at),
    ...text('new_phone', sent.phoneChange?.to),
    ...time('phone_change_sent_at', sent.phoneChange?.at),
    ...time('reauthentication_sent_at', sent.reauthenticationAt),
    ...time('last_sign_in_at', user.lastSignInAt),
    app_metadata: appMetadataOf(user),
    user_metadata: user.metadata,
    ...(shown.length > 0 && { factors: shown.map(spellFactor) }),
    identities: identities.map(spellIdentity),
    created_at: user.createdAt.toISOString(),
    updated_at: user.updatedAt.toISOString(),
    ...time('banned_until', user.bannedUntil),
    ...time('deleted_at', user.deletedAt),
    is_anonymous: user.isAnonymous,
  }
}

/** A factor as its owner sees it, which is never by its secret. */
export function spellFactor({ id, name, kind, createdAt, activatedAt }: AccountFactor): object {
  return {
    id,
    created_at: createdAt.toISOString(),
    updated_at: (activatedAt ?? createdAt).toISOString(),
    status: activatedAt === undefined ? 'unverified' : 'verified',
    friendly_name: name,
    factor_type: kind,
  }
}

/** Codes by mail are no factor that clients of this face know. */
export function isShownFactor({ kind }: Pick<AccountFactor, 'kind'>): boolean {
  return kind === 'totp'
}

function spellIdentity({ data, provider, ...identity }: Identity): object {
  const email = data['email']
  return {
    identity_id: identity.id,
    id: identity.providerId,
    user_id: identity.userId,
    identity_data: data,
    provider,
    ...time('last_sign_in_at', identity.lastSignInAt),
    created_at: identity.createdAt.toISOString(),
    updated_at: identity.updatedAt.toISOString(),
    ...text('email', typeof email === 'string' ? email : undefined),
  }
}

function earliest(times: readonly Date[]): Date | undefined {
  return times.toSorted((one, other) => one.getTime() - other.getTime())[0]
}

function time(name: string, at: Date | undefined) {
  return at && { [name]: at.toISOString() }
}

function text(name: string, value: string | undefined) {
  return value === undefined ? undefined : { [name]: value }
}

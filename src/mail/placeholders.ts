import type { MailKind } from '../core/accounts/mail.ts'

/** Everything that may stand between `{{` and `}}`. */
export type Placeholder =
  | 'site'
  | 'greeting'
  | 'name'
  | 'link'
  | 'until'
  | 'code'
  | 'at'
  | 'address'
  | 'device'
  | 'factor'
  | 'new_email'
  | 'codes_left'
  | 'restorable_until'

const everywhere = ['site', 'greeting'] as const
const known = [...everywhere, 'name'] as const
const happened = [...known, 'at'] as const
const linked = [...everywhere, 'link', 'until'] as const
const coded = [...known, 'code', 'until'] as const
const linkedAndCoded = [...linked, 'code'] as const

/**
 * What each kind of mail can tell. Those to an address that nobody has confirmed yet know no name: whoever typed the
 * address chose the name as well, and would have us send his words to a stranger.
 */
export const placeholders: Readonly<Record<MailKind, readonly Placeholder[]>> = {
  'email-confirm': linked,
  'email-known': known,
  'password-reset': [...linked, 'name'],
  'password-reset-required': [...linked, 'name'],
  'password-changed': happened,
  'email-change': linked,
  'email-change-asked': [...happened, 'new_email'],
  'email-changed': [...linked, 'name', 'new_email'],
  'email-change-undone': happened,
  'new-device': [...happened, 'address', 'device'],
  'sign-in-code': coded,
  'factor-code': coded,
  'factor-added': [...happened, 'factor'],
  'factor-removed': [...happened, 'factor'],
  'recovery-codes-made': happened,
  'recovery-code-used': [...happened, 'codes_left'],
  invite: linked,
  'account-deleted': [...known, 'restorable_until'],
  'account-restored': known,
  'sign-up': linkedAndCoded,
  'magic-link': [...linkedAndCoded, 'name'],
  recovery: [...linkedAndCoded, 'name'],
  'supabase-invite': linkedAndCoded,
  'supabase-email-change': linkedAndCoded,
  'supabase-email-change-current': [...linkedAndCoded, 'name', 'new_email'],
  reauthentication: coded,
}

// Every kind is in the table, or it would not compile.
export const mailKinds = Object.keys(placeholders) as readonly MailKind[]

/** The page that each link leads to; a kind that is not here has none, or brings a whole link as a fact. */
export const linkPages: Readonly<Partial<Record<MailKind, string>>> = {
  'email-confirm': '/account/confirm',
  'password-reset': '/account/reset',
  'password-reset-required': '/account/reset',
  'email-change': '/account/email',
  'email-changed': '/account/undo-email',
  invite: '/account/invite',
}

import type { MailKind } from '../core/accounts/mail.ts'
import type { MailLocale } from './mail-locale.ts'
import { englishWords } from './words/en.ts'
import { frenchWords } from './words/fr.ts'

/** What one kind of mail says in one language; `{{…}}` stands for its facts. */
export interface Words {
  readonly subject: string
  /** A paragraph each. A code stands in one of them. */
  readonly says: readonly string[]
  /** What the link does; undefined for a mail without one. */
  readonly action: string | undefined
  /** Why this came to the reader. */
  readonly why: string
  /** What to do when it was not the reader who did it. */
  readonly otherwise: string
}

/** The mails whose links come to the gateway itself, with a code beside. */
export type LinkedKind =
  | 'sign-up'
  | 'magic-link'
  | 'recovery'
  | 'supabase-invite'
  | 'supabase-email-change'
  | 'supabase-email-change-current'
  | 'reauthentication'

export const words: Readonly<Record<MailLocale, Readonly<Record<MailKind, Words>>>> = {
  en: englishWords,
  fr: frenchWords,
}

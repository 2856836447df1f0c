import type { Sms } from '../core/accounts/mail.ts'
import { type MailLocale, mailLocale } from './mail-locale.ts'

/** Short enough for one message, with the code first: telephones show no more of it, and some fill it in. */
const texts = {
  en: (code: string, site: string) => `${code} is your code for ${site}. Tell it to nobody.`,
  fr: (code: string, site: string) => `${code} est votre code pour ${site}. Ne le dites à personne.`,
} as const satisfies Readonly<Record<MailLocale, (code: string, site: string) => string>>

/** What a message to a telephone says, in its reader's language. */
export function smsText({ facts, locale }: Pick<Sms, 'facts' | 'locale'>, baseUrl: string): string {
  return texts[mailLocale(locale)](facts.code, new URL(baseUrl).host)
}

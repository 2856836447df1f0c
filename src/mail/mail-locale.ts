/** The languages that mails are written in; the first stands in for all others. */
export const mailLocales = ['en', 'fr'] as const
export type MailLocale = (typeof mailLocales)[number]

/** The language of a mail for somebody with this locale (BCP 47), as `fr-CA`. */
export function mailLocale(locale: string): MailLocale {
  const language = locale.toLowerCase().split(/[-_]/)[0]
  return mailLocales.find((known) => known === language) ?? mailLocales[0]
}

import type { Mail, MailKind } from '../core/accounts/mail.ts'
import { bundledTemplate } from './bundled-template.ts'
import { type MailLocale, mailLocale } from './mail-locale.ts'
import { placeholderValues } from './placeholder-values.ts'
import { escapeHtml, fillIn, type Template } from './template.ts'

/** The operator's own templates, by kind and language. */
export type OwnTemplates = ReadonlyMap<`${MailKind}.${MailLocale}`, Template>

export interface Rendering {
  /** Where the pages behind the links are. */
  readonly baseUrl: string
  readonly own: OwnTemplates
}

export interface RenderedMail {
  readonly locale: MailLocale
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string | undefined
}

/** What a mail says, in its reader's language. */
export function renderMail(mail: Mail, { baseUrl, own }: Rendering): RenderedMail {
  const locale = mailLocale(mail.locale)
  const { subject, text, html } = own.get(`${mail.kind}.${locale}`) ?? bundledTemplate(mail.kind, locale)
  const values = placeholderValues(mail, baseUrl)
  return {
    locale,
    // A line break would begin a header of somebody else's making.
    subject: fillIn(subject, values)
      .replace(/\p{C}+/gu, ' ')
      .trim(),
    text: fillIn(text, values),
    html: html && fillIn(html, values, escapeHtml),
  }
}

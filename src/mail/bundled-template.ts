import type { MailKind } from '../core/accounts/mail.ts'
import type { MailLocale } from './mail-locale.ts'
import { escapeHtml, type Template } from './template.ts'
import { type Words, words } from './words.ts'

/** The template that is used where the operator has none. */
export function bundledTemplate(kind: MailKind, locale: MailLocale): Template {
  const { subject, says, action, why, otherwise } = words[locale][kind]
  const paragraphs = [
    '{{greeting}}',
    ...says,
    ...(action === undefined ? [] : [`${action}${locale === 'fr' ? ' :' : ':'}\n{{link}}`]),
    why,
    otherwise,
    '-- \n{{site}}',
  ]
  return { subject, text: `${paragraphs.join('\n\n')}\n`, html: page(words[locale][kind], locale) }
}

const STYLE =
  'font:16px/1.5 system-ui,-apple-system,Segoe UI,sans-serif;max-width:36em;margin:1.5em auto;padding:0 1em'

/** Readable with any style, in the dark and by voice; nothing in it is loaded from anywhere. */
function page({ subject, says, action, why, otherwise }: Words, locale: MailLocale) {
  const paragraph = (text: string) => `<p>${withCode(escapeHtml(text))}</p>`
  const link = action && [
    `<p><a href="{{link}}">${escapeHtml(action)}</a></p>`,
    // For whoever cannot follow it, or wants to see first where it leads.
    '<p style="overflow-wrap:anywhere">{{link}}</p>',
  ]
  return `${[
    '<!doctype html>',
    `<html lang="${locale}">`,
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta name="color-scheme" content="light dark"><title>${escapeHtml(subject)}</title></head>`,
    `<body style="${STYLE}">`,
    paragraph('{{greeting}}'),
    ...says.map(paragraph),
    ...(link ?? []),
    '<hr>',
    paragraph(why),
    paragraph(otherwise),
    paragraph('{{site}}'),
    '</body>',
    '</html>',
  ].join('\n')}\n`
}

function withCode(text: string): string {
  return text.replace('{{code}}', '<strong style="font-size:1.4em;letter-spacing:.1em">{{code}}</strong>')
}

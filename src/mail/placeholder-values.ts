import type { Mail } from '../core/accounts/mail.ts'
import { cleanName } from './clean-name.ts'
import { deviceName } from './device-name.ts'
import { type MailLocale, mailLocale } from './mail-locale.ts'
import { linkPages, type Placeholder, placeholders } from './placeholders.ts'

const spoken = {
  en: {
    language: 'en-GB',
    hello: 'Hello',
    unknown: 'unknown',
    device: 'Unknown device',
    totp: 'authenticator app',
    email: 'code by e-mail',
  },
  fr: {
    language: 'fr-FR',
    hello: 'Bonjour',
    unknown: 'inconnue',
    device: 'Appareil inconnu',
    totp: 'application d’authentification',
    email: 'code par e-mail',
  },
} as const satisfies Readonly<Record<MailLocale, object>>

/** What stands for each placeholder of one mail. `baseUrl` is where people reach us, and no request can change it. */
export function placeholderValues(
  { kind, facts, locale, name: fullName }: Mail,
  baseUrl: string,
): Readonly<Partial<Record<Placeholder, string>>> {
  const say = spoken[mailLocale(locale)]
  const known = placeholders[kind]
  const name = known.includes('name') ? cleanName(fullName) : undefined
  // Of every kind's facts; a mail has only its own.
  const fact = (of: string) => String((facts as Readonly<Record<string, unknown>>)[of] ?? '')
  const moment = (of: string) => spellMoment(fact(of), say.language)
  const factor = fact('factor')
  const tell: Readonly<Record<Placeholder, () => string>> = {
    site: () => new URL(baseUrl).host,
    greeting: () => (name === undefined ? `${say.hello},` : `${say.hello} ${name},`),
    name: () => name ?? '',
    link: () => {
      const page = linkPages[kind]
      // In the fragment: it goes to no server with the request, and so to no log and no scanner that follows links.
      return page === undefined
        ? plain(fact('link'))
        : `${baseUrl}${page}#token=${encodeURIComponent(fact('token'))}`
    },
    until: () => moment('expiresAt'),
    code: () => plain(fact('code')),
    at: () => moment('at'),
    address: () => (/^[0-9A-Fa-f:.]{2,45}$/.test(fact('address')) ? fact('address') : say.unknown),
    device: () => deviceName(fact('userAgent')) ?? say.device,
    factor: () => (factor === 'totp' || factor === 'email' ? say[factor] : ''),
    new_email: () => plain(fact('newEmail')),
    codes_left: () => plain(fact('left')),
    restorable_until: () => moment('restorableUntil'),
  }
  return Object.fromEntries(known.map((placeholder) => [placeholder, tell[placeholder]()]))
}

/** One word on one line. */
function plain(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, '')
}

/** In UTC, since we do not know where the reader is. */
function spellMoment(iso: string, language: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  const style = { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' } as const
  return `${new Intl.DateTimeFormat(language, style).format(at)} UTC`
}

import { z } from 'zod'
import { isThisMachine } from './setting.ts'

export interface MailAddress {
  readonly name: string
  readonly address: string
}

export interface MailSettings {
  /** The mail server and who mails come from; undefined where there is none. */
  readonly smtp: { readonly url: string; readonly from: MailAddress } | undefined
  /** The folder of the operator's own templates; undefined for ours. */
  readonly templates: string | undefined
  /** Whether mails are printed to the log instead: on a developer's machine alone, since they hold links and codes. */
  readonly printed: boolean
}

/** The settings of mail, as the environment has them. */
export const mailEnvironment = {
  SMTP_URL: z
    .string()
    .refine(isSmtpUrl, 'must be smtp:// or smtps:// with a host, and nothing behind the port')
    .optional(),
  MAIL_FROM: z
    .string()
    .refine(
      (text) => parseMailAddress(text) !== undefined,
      'must be an address like Name <mail@example.com>, or the address alone',
    )
    .optional(),
  MAIL_TEMPLATES: z.string().optional(),
  NODE_ENV: z.string().optional(),
} as const

type MailValues = { readonly [Name in keyof typeof mailEnvironment]?: string | undefined }

/** @param publicUrl where people reach the gateway */
export function mailSettings(values: MailValues, publicUrl: string): MailSettings {
  const from = values.MAIL_FROM === undefined ? undefined : parseMailAddress(values.MAIL_FROM)
  return {
    smtp: values.SMTP_URL && from ? { url: values.SMTP_URL, from } : undefined,
    templates: values.MAIL_TEMPLATES,
    // A gateway that others can reach is nobody's development machine, whatever NODE_ENV forgot to say.
    printed: values.SMTP_URL === undefined && values.NODE_ENV !== 'production' && isThisMachine(publicUrl),
  }
}

const ADDRESS = /^[^\s\p{C}<>()[\]\\,;:"@]{1,64}@[^\s\p{C}<>()[\]\\,;:"@]{1,255}$/u

/** Reads `Name <address>` or a bare address; undefined for what could become two, or a header. */
export function parseMailAddress(text: string): MailAddress | undefined {
  const named = /^([^<>\p{C}]*)<([^<>]+)>$/u.exec(text.trim())
  const [name, address] = named === null ? ['', text.trim()] : [named[1] ?? '', named[2] ?? '']
  if (!ADDRESS.test(address)) return undefined
  return { name: name.trim().replace(/^"(.*)"$/, '$1'), address }
}

function isSmtpUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol)) return false
  // What would be read as options elsewhere is refused: an option that is not heeded misleads.
  if (url.hostname === '' || !['', '/'].includes(url.pathname) || url.search + url.hash !== '') return false
  try {
    decodeURIComponent(url.username + url.password)
    return true
  } catch {
    return false
  }
}

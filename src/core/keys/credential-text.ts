import { crc32 } from './crc32.ts'

/**
 * The text form that API keys and refresh tokens share: `<prefix>_<id><secret><checksum>`, base62.
 * The checksum lets a typo be refused without a database and a scanner recognise a leak offline.
 */
export interface CredentialForm {
  readonly idLength: number
  readonly secretLength: number
}

export interface CredentialText {
  readonly prefix: string
  readonly id: string
  readonly secret: string
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** How many characters at the end of a credential check all that stands before them. */
export const checksumLength = 6
const PREFIX = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/
const BODY = /^[0-9A-Za-z]+$/

/** The longest prefix, in characters. */
export const prefixMaxLength = 20

/** Says whether `text` can stand before the `_` of a credential. */
export function isPrefix(text: string): boolean {
  return text.length <= prefixMaxLength && PREFIX.test(text)
}

/** Joins the parts and adds the checksum over all that stands before it. */
export function formatCredential(parts: CredentialText): string {
  const text = `${parts.prefix}_${parts.id}${parts.secret}`
  return text + checksum(text)
}

/** Takes a credential apart; undefined when the form, the alphabet or the checksum is wrong. */
export function parseCredential(text: string, form: CredentialForm): CredentialText | undefined {
  const bodyLength = form.idLength + form.secretLength + checksumLength
  const bodyStart = text.length - bodyLength
  if (bodyStart < 2 || text[bodyStart - 1] !== '_') return undefined
  const prefix = text.slice(0, bodyStart - 1)
  const body = text.slice(bodyStart)
  if (!isPrefix(prefix) || !BODY.test(body)) return undefined
  const checked = text.slice(0, -checksumLength)
  if (checksum(checked) !== text.slice(-checksumLength)) return undefined
  return { prefix, id: body.slice(0, form.idLength), secret: body.slice(form.idLength, -checksumLength) }
}

/** Spells bytes as base62 text, one character a byte: for secrets that are derived rather than drawn. */
export function base62FromBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += BASE62[byte % 62]
  return text
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let index = 0; index < checksumLength; index++) {
    digits = BASE62[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}

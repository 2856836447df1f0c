import { refreshTokenForm } from '../tokens/refresh-token.ts'
import { apiKeyForm, refreshTokenPrefix } from './api-key.ts'
import { checksumLength, parseCredential, prefixMaxLength } from './credential-text.ts'

/** A credential of Guichet's within a text: where it is and which one, never its secret. */
export interface FoundCredential {
  readonly kind: 'api_key' | 'refresh_token'
  readonly prefix: string
  /** The key's id, or the session's without its dashes. */
  readonly id: string
  /** Where it begins, in UTF-16 units from the start of the text. */
  readonly index: number
  readonly length: number
}

/** How long the body of a credential is, after its prefix and the `_`. */
export const bodyLengths = {
  api_key: apiKeyForm.idLength + apiKeyForm.secretLength + checksumLength,
  refresh_token: refreshTokenForm.idLength + refreshTokenForm.secretLength + checksumLength,
} as const

/** The longest that a credential can be: what a reader in pieces must hold over from one to the next. */
export const credentialMaxLength = prefixMaxLength + 1 + Math.max(...Object.values(bodyLengths))

const CANDIDATE = new RegExp(`_(?=([0-9A-Za-z]{${bodyLengths.api_key},${bodyLengths.refresh_token}}))`, 'g')
const PREFIX_END = new RegExp(`[a-z][a-z0-9_]{0,${prefixMaxLength - 1}}$`)

/**
 * Finds every API key and refresh token in a text, under any prefix and of any installation, by their form and checksum
 * alone. What stands beside one does not hide it: the checksum says where it begins and ends.
 */
export function findCredentials(text: string): readonly FoundCredential[] {
  const found: FoundCredential[] = []
  for (const { index, 1: run = '' } of text.matchAll(CANDIDATE)) {
    const credential = judge(text.slice(Math.max(0, index - prefixMaxLength), index), run)
    if (credential === undefined) continue
    const { kind, prefix, id } = credential
    const length = prefix.length + 1 + bodyLengths[kind]
    found.push({ kind, prefix, id, index: index - prefix.length, length })
  }
  return found
}

const JWT = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g

/** The text with every credential in it replaced by an ellipsis: for words of others that are kept or shown. */
export function hideCredentials(text: string): string {
  let shown = ''
  let from = 0
  for (const { index, length } of findCredentials(text)) {
    shown += `${text.slice(from, index)}…`
    from = index + length
  }
  return (shown + text.slice(from)).replace(JWT, '…')
}

function judge(before: string, run: string) {
  // Every end of what stands before could be the prefix: `KEY_gk` ends with `gk`.
  for (let rest = PREFIX_END.exec(before)?.[0] ?? ''; rest !== ''; rest = rest.slice(1)) {
    const key = parseCredential(`${rest}_${run.slice(0, bodyLengths.api_key)}`, apiKeyForm)
    if (key !== undefined && key.prefix !== refreshTokenPrefix) return { kind: 'api_key' as const, ...key }
    const token = parseCredential(`${rest}_${run.slice(0, bodyLengths.refresh_token)}`, refreshTokenForm)
    if (token?.prefix === refreshTokenPrefix) return { kind: 'refresh_token' as const, ...token }
  }
  return undefined
}

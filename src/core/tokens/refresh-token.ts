import { refreshTokenPrefix } from '../keys/api-key.ts'
import { base62FromBytes, formatCredential, parseCredential } from '../keys/credential-text.ts'
import type { World } from '../ports.ts'

const SECRET_LENGTH = 28
const TAG_LENGTH = 16

/** The id is the session's UUID without dashes; the secret is 166 drawn bits and a tag of 95 that proves we made it. */
export const refreshTokenForm = { idLength: 32, secretLength: SECRET_LENGTH + TAG_LENGTH } as const

/** Makes the text of a session's refresh token. */
export function mintRefreshToken(world: Pick<World, 'randomText' | 'vault'>, sessionId: string): string {
  const id = sessionId.replaceAll('-', '')
  const secret = world.randomText(SECRET_LENGTH)
  const [tag] = tags(world, id, secret)
  return formatCredential({ prefix: refreshTokenPrefix, id, secret: secret + tag })
}

/** What a refresh token that we made says by itself. */
export interface RefreshTokenText {
  readonly sessionId: string
  /** The token that takes its place when it is rotated: the same text from every process, however often it is asked. */
  readonly successor: () => string
}

/** Takes a refresh token that we made apart; undefined for any other text, without a database. */
export function parseRefreshToken(world: Pick<World, 'vault'>, text: string): RefreshTokenText | undefined {
  const parts = parseCredential(text, refreshTokenForm)
  if (parts === undefined || parts.prefix !== refreshTokenPrefix) return undefined
  const secret = parts.secret.slice(0, SECRET_LENGTH)
  // Not compared in constant time: the tag only spares the database a look-up, the digest is what admits.
  const taggedBy = tags(world, parts.id, secret).indexOf(parts.secret.slice(SECRET_LENGTH))
  const sessionId = uuidFromHex(parts.id)
  if (taggedBy === -1 || sessionId === undefined) return undefined
  return { sessionId, successor: () => deriveSuccessor(world, { text, id: parts.id, taggedBy }) }
}

/**
 * Derived under the secret that made the presented token, also when another writes now: a retry of a lost answer gets
 * the same text before and after GUICHET_SECRET is rotated, and only digests are kept.
 */
function deriveSuccessor(
  world: Pick<World, 'vault'>,
  { text, id, taggedBy }: { readonly text: string; readonly id: string; readonly taggedBy: number },
): string {
  const mac = world.vault.macs('refresh-token-successor', text)[taggedBy] ?? new Uint8Array()
  const secret = base62FromBytes(mac.subarray(0, SECRET_LENGTH))
  const tag = tags(world, id, secret)[taggedBy]
  return formatCredential({ prefix: refreshTokenPrefix, id, secret: secret + tag })
}

function tags(world: Pick<World, 'vault'>, id: string, secret: string): readonly string[] {
  return world.vault
    .macs('refresh-token-tag', id + secret)
    .map((mac) => base62FromBytes(mac.subarray(0, TAG_LENGTH)))
}

function uuidFromHex(hex: string): string | undefined {
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

import type { Client } from '../clients/client.ts'
import type { Failure } from '../failure.ts'
import { intersect } from '../permissions.ts'
import type { World } from '../ports.ts'
import { fail, ok, type Result } from '../result.ts'
import { formatCredential, parseCredential } from './credential-text.ts'

/** An API key as it is kept: never its secret, only a keyed digest of its text. */
export interface ApiKey {
  readonly id: string
  readonly clientId: string
  readonly name: string
  readonly prefix: string
  readonly permissions: readonly string[]
  readonly digest: string
  readonly createdAt: Date
  readonly expiresAt: Date | undefined
  readonly disabledAt: Date | undefined
  readonly revokedAt: Date | undefined
  readonly revokedReason: string | undefined
  /** The key that takes its place; from then on this one is on its way out. */
  readonly successorId: string | undefined
  /** When it was rotated. */
  readonly rotatedAt: Date | undefined
  /** When a rotated key stops by itself. */
  readonly retiresAt: Date | undefined
  /** The networks it may be used from, as CIDR; empty means from anywhere. */
  readonly allowedCidrs: readonly string[]
  /** How many calls it may make in a window; undefined means no limit. */
  readonly rateLimit: RateLimit | undefined
  /** How many calls it may make in all; what is left of them is counted apart. */
  readonly quota: number | undefined
  /** The owner's own notes; up to 4 KiB of JSON. */
  readonly metadata: Readonly<Record<string, unknown>>
  /** A bait: it is answered as an unknown key is, and whoever shows it raises an alarm. */
  readonly canary: boolean
  /** Counts the changes of the key and of its client, so that a judgement can be tied to what it saw. */
  readonly version: number
}

export interface RateLimit {
  readonly limit: number
  readonly windowSeconds: number
}

export interface KeyWithClient {
  readonly key: ApiKey
  readonly client: Client
}

/** 12 characters of id name the key in lists and logs; 28 of secret carry 166 bits. */
export const apiKeyForm = { idLength: 12, secretLength: 28 } as const

/** The prefix of refresh tokens, which no API key may carry. */
export const refreshTokenPrefix = 'grt'

/** Reads the id out of an API key; undefined when the text cannot be one, whatever the database holds. */
export function parseApiKey(text: string): { readonly id: string; readonly prefix: string } | undefined {
  const parts = parseCredential(text, apiKeyForm)
  if (parts === undefined || parts.prefix === refreshTokenPrefix) return undefined
  return { id: parts.id, prefix: parts.prefix }
}

/** Makes the text of a new key. It is shown once and kept nowhere. */
export function mintApiKeyText(world: Pick<World, 'randomText'>, prefix: string): string {
  return formatCredential({
    prefix,
    id: world.randomText(apiKeyForm.idLength),
    secret: world.randomText(apiKeyForm.secretLength),
  })
}

/** Says whether a genuine key may be used at `now`. Its holder is told why not; a stranger never gets here. */
export function admitApiKey({ key, client }: KeyWithClient, now: Date): Result<void, Failure> {
  if (key.revokedAt !== undefined) return fail({ reason: 'api_key_revoked', keyId: key.id })
  if (key.expiresAt !== undefined && key.expiresAt <= now) {
    return fail({ reason: 'api_key_expired', keyId: key.id })
  }
  if (key.retiresAt !== undefined && key.retiresAt <= now) {
    return fail({ reason: 'api_key_retired', keyId: key.id })
  }
  if (key.disabledAt !== undefined) return fail({ reason: 'api_key_disabled', keyId: key.id })
  if (client.disabledAt !== undefined) return fail({ reason: 'client_disabled', clientId: client.id })
  return ok(undefined)
}

/** When a key ends by itself, whichever comes first: its expiry, or the end of its overlap with a successor. */
export function endOfKey(key: ApiKey): Date | undefined {
  const { expiresAt, retiresAt } = key
  if (expiresAt === undefined || retiresAt === undefined) return expiresAt ?? retiresAt
  return expiresAt < retiresAt ? expiresAt : retiresAt
}

/** What a key may do today: never more than its client. */
export function effectivePermissions({ key, client }: KeyWithClient): readonly string[] {
  return intersect(client.permissions, key.permissions)
}

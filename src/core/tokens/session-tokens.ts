import { after, type Eventually } from '../eventually.ts'
import { effectivePermissions, endOfKey } from '../keys/api-key.ts'
import { intersect } from '../permissions.ts'
import type { ServiceParts } from '../service-parts.ts'
import { handOut } from './hand-out.ts'
import type { SessionWithKey } from './session.ts'

export interface AccessToken {
  readonly access: string
  readonly accessExpiresAt: Date
  readonly permissions: readonly string[]
  readonly sessionId: string
  /** Its `jti`. */
  readonly tokenId: string
}

/** Mints an access token of a session that has been admitted at `now`. It never outlives its API key. */
export function mintSessionAccessToken(
  parts: ServiceParts,
  { session, key, client }: SessionWithKey,
  { tokenId, now }: { readonly tokenId: string; readonly now: Date },
): Eventually<AccessToken> {
  const { policy } = parts
  const held = effectivePermissions({ key, client })
  const issuedAt = Math.floor(now.getTime() / 1000)
  const ttlSeconds = session.accessTtlSeconds ?? policy.accessTtlSeconds
  const keyEndsAt = endOfKey(key)
  const keyEnd = keyEndsAt === undefined ? Infinity : Math.floor(keyEndsAt.getTime() / 1000)
  const expiresAt = Math.min(issuedAt + ttlSeconds, keyEnd)
  const permissions = session.permissions === undefined ? held : intersect(held, session.permissions)
  const minted = handOut(
    parts,
    {
      issuer: policy.issuer,
      subject: client.id,
      audiences: session.audiences ?? policy.audiences,
      clientId: client.id,
      keyId: key.id,
      assurance: undefined,
      sessionId: session.id,
      tokenId,
      permissions,
      parentTokenIds: [],
      delegate: undefined,
      issuedAt,
      expiresAt,
    },
    now,
  )
  const accessExpiresAt = new Date(expiresAt * 1000)
  return after(minted, (access) => ({
    access,
    accessExpiresAt,
    permissions,
    sessionId: session.id,
    tokenId,
  }))
}

import type { Client } from '../clients/client.ts'
import type { ApiKey } from '../keys/api-key.ts'

/** What one exchange opened: the life of a refresh token and of all access tokens that it brings. */
export interface Session {
  readonly id: string
  readonly clientId: string
  readonly keyId: string
  readonly refreshDigest: string
  /** The digest before the last rotation, whose holder may not have got the answer. */
  readonly previousRefreshDigest: string | undefined
  /** True where each refresh brings a new refresh token. */
  readonly rotates: boolean
  /** The narrower permissions that were asked for; undefined follows the key. */
  readonly permissions: readonly string[] | undefined
  /** The narrower audiences that were asked for; undefined follows the policy. */
  readonly audiences: readonly string[] | undefined
  /** The shorter access lifetime that was asked for; undefined follows the policy. */
  readonly accessTtlSeconds: number | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date
  readonly revokedAt: Date | undefined
}

export interface SessionWithKey {
  readonly session: Session
  readonly key: ApiKey
  readonly client: Client
}

/** A session as it was found when it was used, and what may have changed of its key and client since they were remembered. */
export interface SessionUse {
  readonly session: Session
  readonly keyVersion: number
  /** The client's cut-off, which its keys' versions do not count. */
  readonly notBefore: Date | undefined
}

/** The step from one refresh token of a session to the next. */
export interface SessionRotation {
  /** The digest of the token that was presented. */
  readonly from: string
  readonly to: string
  readonly at: Date
  readonly keyVersion: number
}

export interface SessionFilter {
  readonly clientId: string | undefined
  readonly keyId: string | undefined
  readonly limit: number
  /** The id after which the page starts. */
  readonly afterId: string | undefined
}

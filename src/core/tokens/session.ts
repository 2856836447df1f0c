import type { UserWithRole } from '../accounts/user.ts'
import type { Client } from '../clients/client.ts'
import type { ApiKey } from '../keys/api-key.ts'

/** What one exchange or one sign-in opened: the life of a refresh token and of all access tokens that it brings. */
export type Session = KeySession | PersonSession

interface SessionLife {
  readonly id: string
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

/** The session of a machine: of an API key of a client. */
export interface KeySession extends SessionLife {
  readonly clientId: string
  readonly keyId: string
}

/** The session of a person, with how they proved who they are and from where. */
export interface PersonSession extends SessionLife {
  readonly userId: string
  /** 1 with one factor, 2 with two (NIST SP 800-63B-4 §2). */
  readonly aal: AssuranceLevel
  /** By what they proved it (RFC 8176). */
  readonly amr: readonly string[]
  readonly authenticatedAt: Date
  readonly address: string | undefined
  readonly userAgent: string | undefined
  /** Where it was opened: its tokens say what that face's callers read. */
  readonly face: SessionFace
}

export type SessionFace = 'native' | 'supabase' | 'mytone'

export type AssuranceLevel = 1 | 2

/** Whose session it is. */
export function isOfPerson(session: Session): session is PersonSession {
  return 'userId' in session
}

export interface SessionWithUser extends UserWithRole {
  readonly session: PersonSession
}

export interface SessionWithKey {
  readonly session: KeySession
  readonly key: ApiKey
  readonly client: Client
}

/** A session as it was found when it was used, and what may have changed of its key and client since they were remembered. */
export interface SessionUse {
  readonly session: KeySession
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

/** The same step of a person's session. */
export type PersonSessionRotation = Omit<SessionRotation, 'keyVersion'> & {
  readonly userVersion: number
  /** When the session ends from now on. */
  readonly expiresAt: Date
}

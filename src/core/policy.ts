import type { JWK } from 'jose'

/** The algorithms that access tokens can be signed with (RFC 7518 §3.1, RFC 8037 §3.1). */
export const signingAlgorithms = ['ES256', 'EdDSA', 'RS256', 'HS256'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** The longest that ACCESS_TTL_SECONDS can be: a setting may be shortened while longer tokens still live. */
export const accessLifetimeMaxSeconds = 86_400
/** The longest that REFRESH_TTL_SECONDS can be, and its like of people. */
export const refreshLifetimeMaxSeconds = 31_536_000
/** The most that CLOCK_SKEW_SECONDS can be. */
export const clockSkewMaxSeconds = 60

/** The operator's choices that the core follows, parsed and complete. */
export interface Policy {
  /** The `iss` of every token. */
  readonly issuer: string
  /** The `aud` of a token that asks for no narrower one. The first is the gateway itself. */
  readonly audiences: readonly [string, ...string[]]
  readonly accessTtlSeconds: number
  readonly refreshTtlSeconds: number
  /** The same for people. */
  readonly userAccessTtlSeconds: number
  readonly userRefreshTtlSeconds: number
  /** How far clocks may disagree when `exp` and `nbf` are judged; at most 60 (RFC 7519 §4.1.4). */
  readonly clockSkewSeconds: number
  /** How long calls are admitted when the revocation feed is broken; then they are refused until it is back. */
  readonly revocationsStaleSeconds: number
  /** How old what is known of a key may be for an exchange while the database is away; 0 for no such exchange. */
  readonly degradedExchangeSeconds: number
  /** What new signing keys are made for. */
  readonly signingAlgorithm: SigningAlgorithm
  /** How old a signing key of ours becomes before the next one signs; 0 leaves rotation to the operator. */
  readonly signingKeyRotationDays: number
  /** The prefix of new API keys. Keys with an earlier prefix stay good. */
  readonly keyPrefix: string
  readonly accounts: AccountPolicy
  readonly supabase: SupabasePolicy
  readonly mytone: MytonePolicy
}

/** The operator's choices for the Supabase face. */
export interface SupabasePolicy {
  /** Whether the face is on: then its tokens are taken wherever ours are. */
  readonly enabled: boolean
  /** The `iss` of its tokens, which is also where it answers. */
  readonly issuer: string
  /** Where people are sent who follow a link without another place to go to. */
  readonly siteUrl: string
  /** Where else they may be sent: addresses with `*`, `**` and `?`. */
  readonly redirectUrls: readonly string[]
  readonly signup: 'open' | 'closed'
  /** Whether whoever signs up is signed in at once, and the address counts as confirmed. */
  readonly autoconfirm: boolean
  readonly anonymous: boolean
  /** In characters. */
  readonly passwordMinLength: number
  readonly accessTtlSeconds: number
  /** After how long without a refresh a session ends; it has no other end of its own. */
  readonly idleTtlSeconds: number
  /** How long an older refresh token still leads to the current one; 0 for not at all. */
  readonly reuseIntervalSeconds: number
  /** How long links and codes that are mailed or sent are good. */
  readonly otpTtlSeconds: number
  /** Whether a change of address needs both mailboxes. */
  readonly secureEmailChange: boolean
  /** Whether a new password needs a code that was sent, once the session is a day old. */
  readonly reauthenticates: boolean
  /** Whether a new password needs the one of before, in a session that was opened by it. */
  readonly asksCurrentPassword: boolean
  /** Whether codes can be sent to telephones. */
  readonly sms: boolean
  /** What the API keys of a former installation are signed with, and with `HS256` the tokens of people too. */
  readonly jwtSecret: string | undefined
  readonly jwtAlgorithm: 'HS256' | undefined
  /** Public keys of a former installation, whose tokens and API keys are still taken. */
  readonly trustedJwks: readonly JWK[]
}

/** The operator's choices for the MyTone face. */
export interface MytonePolicy {
  /** The lifetimes of access tokens and of the sessions that this face opens. */
  readonly accessTtlSeconds: number
  readonly refreshTtlSeconds: number
  /** As for all people, but where nobody has chosen: its wire wants tokens with the registration. */
  readonly emailConfirmation: AccountPolicy['emailConfirmation']
}

/** The operator's choices for people. */
export interface AccountPolicy {
  /** Whether anybody may register. */
  readonly registration: 'open' | 'closed'
  /** Whether an address has to be confirmed before its owner signs in, may be, or is not asked to be. */
  readonly emailConfirmation: 'required' | 'optional' | 'off'
  /** In characters. */
  readonly passwordMinLength: number
  /** The roles whose people must sign in with a second factor, beside those that say so themselves. */
  readonly secondFactorRoles: readonly string[]
}

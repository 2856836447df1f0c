/** The algorithms that access tokens can be signed with (RFC 7518 §3.1, RFC 8037 §3.1). */
export const signingAlgorithms = ['ES256', 'EdDSA', 'RS256', 'HS256'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** The longest that ACCESS_TTL_SECONDS can be: a setting may be shortened while longer tokens still live. */
export const accessLifetimeMaxSeconds = 86_400
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
  /** What new signing keys are made for. */
  readonly signingAlgorithm: SigningAlgorithm
  /** How old a signing key of ours becomes before the next one signs; 0 leaves rotation to the operator. */
  readonly signingKeyRotationDays: number
  /** The prefix of new API keys. Keys with an earlier prefix stay good. */
  readonly keyPrefix: string
}

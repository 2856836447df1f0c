import type { PasswordProblem } from './accounts/password-rules.ts'
import type { UserState } from './accounts/user-state.ts'
import type { LimitState } from './limits/rate-limit.ts'

/**
 * Every refusal that the core can utter: the one place where a new "no" is born.
 * Facts beside the reason are for the log and for `details`; none is ever a secret.
 */
export type Failure =
  | { readonly reason: 'api_key_invalid' }
  | { readonly reason: 'api_key_expired'; readonly keyId: string }
  | { readonly reason: 'api_key_revoked'; readonly keyId: string }
  | { readonly reason: 'api_key_retired'; readonly keyId: string }
  | { readonly reason: 'api_key_disabled'; readonly keyId: string }
  | { readonly reason: 'address_not_allowed'; readonly keyId: string }
  | { readonly reason: 'client_disabled'; readonly clientId: string }
  | { readonly reason: 'credentials_invalid' }
  | { readonly reason: 'login_delayed'; readonly state: LimitState }
  | { readonly reason: 'email_unconfirmed'; readonly userId: string }
  | { readonly reason: 'password_reset_due'; readonly userId: string }
  | { readonly reason: 'user_disabled'; readonly userId: string }
  | { readonly reason: 'user_deleted'; readonly userId: string }
  | { readonly reason: 'user_banned'; readonly userId: string; readonly bannedUntil: Date }
  | { readonly reason: 'registration_closed' }
  | { readonly reason: 'username_taken' }
  | { readonly reason: 'captcha_required' }
  | { readonly reason: 'captcha_failed'; readonly cause: string }
  /** Nobody could be asked, and nobody passes unasked. */
  | { readonly reason: 'captcha_unavailable' }
  | { readonly reason: 'email_invalid' }
  | { readonly reason: 'email_unchanged' }
  | { readonly reason: 'username_invalid' }
  | {
      readonly reason: 'password_unacceptable'
      readonly problem: PasswordProblem['rule'] | 'unchanged'
      readonly minLength: number
      /** The one of the request that holds it: beside the password of now it is the new one. */
      readonly field: 'password' | 'new_password'
    }
  | { readonly reason: 'one_time_token_invalid' }
  /** Six digits that are not those that were sent last. */
  | { readonly reason: 'one_time_code_invalid' }
  | { readonly reason: 'auth_code_unknown' }
  | { readonly reason: 'auth_code_expired' }
  | { readonly reason: 'code_verifier_wrong' }
  | { readonly reason: 'message_too_soon'; readonly kind: 'email' | 'phone'; readonly state: LimitState }
  | { readonly reason: 'account_exists' }
  /** Whoever has no account is not to get one. */
  | { readonly reason: 'newcomer_refused' }
  | { readonly reason: 'anonymous_closed' }
  | { readonly reason: 'phone_invalid' }
  | { readonly reason: 'phone_unavailable' }
  | { readonly reason: 'contact_missing' }
  | { readonly reason: 'person_needed' }
  /** Somebody who has not said who they are. */
  | { readonly reason: 'anonymous_refused' }
  /** The session of somebody who must have a second factor was opened without; or the call needs a code of it. */
  | { readonly reason: 'second_factor_required'; readonly by: 'session' | 'code' }
  | { readonly reason: 'challenge_invalid' }
  | { readonly reason: 'challenge_expired' }
  /** It was used already, or is shown from another network than it was asked for from. */
  | { readonly reason: 'challenge_elsewhere' }
  | { readonly reason: 'method_not_offered' }
  | { readonly reason: 'code_invalid' }
  /** Only with it, and it was not sent. */
  | { readonly reason: 'reauthentication_needed'; readonly field: 'current_password' | 'code' }
  | {
      readonly reason: 'reauthentication_failed'
      /** The one of the request that holds it: beside a new password it is the current one. */
      readonly field: 'password' | 'current_password' | 'code'
    }
  | { readonly reason: 'factor_not_found' }
  | { readonly reason: 'factor_known' }
  | { readonly reason: 'factor_name_taken' }
  | { readonly reason: 'factors_too_many'; readonly max: number }
  | { readonly reason: 'last_admin' }
  | { readonly reason: 'refresh_token_invalid' }
  | { readonly reason: 'refresh_token_expired'; readonly sessionId: string }
  | { readonly reason: 'refresh_token_reused'; readonly sessionId: string }
  | { readonly reason: 'session_revoked'; readonly sessionId: string }
  /** It was opened while the database was away, by an instance that may write it yet. */
  | { readonly reason: 'session_unwritten'; readonly sessionId: string }
  | { readonly reason: 'access_token_invalid'; readonly cause: string }
  | { readonly reason: 'access_token_expired' }
  | { readonly reason: 'presented_token_invalid'; readonly parameter: string; readonly cause: string }
  | { readonly reason: 'delegation_too_deep'; readonly maxDepth: number }
  | { readonly reason: 'token_revoked'; readonly kind: string }
  | { readonly reason: 'rate_limited'; readonly state: LimitState }
  | { readonly reason: 'quota_exhausted'; readonly keyId: string; readonly quota: number }
  | { readonly reason: 'revocations_stale'; readonly staleSeconds: number }
  | { readonly reason: 'permission_missing'; readonly needed: string }
  | { readonly reason: 'permissions_not_held'; readonly permissions: readonly string[] }
  | { readonly reason: 'permissions_exceed_client'; readonly permissions: readonly string[] }
  | { readonly reason: 'audience_unknown'; readonly audiences: readonly string[] }
  | { readonly reason: 'lifetime_too_long'; readonly accessTtlSeconds: number }
  | { readonly reason: 'expires_at_past' }
  | { readonly reason: 'client_not_found' }
  | { readonly reason: 'client_name_taken' }
  | { readonly reason: 'key_not_found' }
  | { readonly reason: 'session_not_found' }
  | { readonly reason: 'key_not_current'; readonly state: string }
  | { readonly reason: 'own_keys_too_many'; readonly max: number }
  | { readonly reason: 'key_in_use'; readonly lastUsedAt: Date }
  | { readonly reason: 'overlap_too_long'; readonly overlapMaxSeconds: number }
  | { readonly reason: 'cidr_invalid'; readonly cidr: string }
  | { readonly reason: 'idempotency_key_reused' }
  | { readonly reason: 'signing_key_unusable'; readonly problem: string }
  | { readonly reason: 'signing_key_known'; readonly kid: string; readonly state: string }
  | { readonly reason: 'signing_key_not_found' }
  | { readonly reason: 'signing_key_only_active'; readonly kid: string }
  | { readonly reason: 'cursor_invalid' }
  | { readonly reason: 'role_not_found' }
  | { readonly reason: 'role_name_taken' }
  | { readonly reason: 'role_built_in'; readonly name: string }
  | { readonly reason: 'role_in_use' }
  | { readonly reason: 'user_not_found' }
  | { readonly reason: 'user_not_current'; readonly state: UserState }
  | { readonly reason: 'not_on_oneself' }
  | { readonly reason: 'email_taken' }
  | { readonly reason: 'phone_taken' }
  | { readonly reason: 'user_id_taken' }
  | { readonly reason: 'password_hash_unusable'; readonly problem: string }
  | { readonly reason: 'metadata_too_large'; readonly maxLength: number }
  /** A key for the operator's own programs came from where everybody can read it. */
  | { readonly reason: 'secret_key_in_browser'; readonly keyId: string | undefined }
  /** A password is no way in for whoever is known by nothing. */
  | { readonly reason: 'password_without_contact' }

export type FailureReason = Failure['reason']

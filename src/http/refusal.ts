import type { Failure } from '../core/failure.ts'

export interface FieldProblem {
  /** The field's path, as `permissions.0`; empty for the body as a whole. */
  readonly field: string
  readonly message: string
  /** What exactly, as a stable word; where a program can do something about it. */
  readonly code?: string
  /** The number of characters that `code` speaks of. */
  readonly bound?: number
}

/** What HTTP itself can refuse, before the core is asked. */
export type HttpFailure =
  | { readonly reason: 'credential_missing' }
  | { readonly reason: 'credential_ambiguous' }
  | { readonly reason: 'authorization_malformed' }
  | { readonly reason: 'route_unknown' }
  | { readonly reason: 'method_not_allowed'; readonly allow: readonly string[] }
  | { readonly reason: 'content_type_unsupported' }
  | { readonly reason: 'content_encoding_unsupported' }
  | { readonly reason: 'body_too_large'; readonly maxBytes: number }
  | { readonly reason: 'body_malformed' }
  | { readonly reason: 'request_invalid'; readonly details: readonly FieldProblem[] }
  /** The same of a form that a person has filled in. */
  | { readonly reason: 'fields_invalid'; readonly details: readonly FieldProblem[] }
  | { readonly reason: 'grant_type_unsupported' }
  /** The path could mean one thing here and another behind. */
  | { readonly reason: 'path_refused'; readonly problem: string }
  /** A question about another call, from a peer that is none of the operator's proxies. */
  | { readonly reason: 'proxy_untrusted' }
  | { readonly reason: 'proxy_question_incomplete'; readonly missing: readonly string[] }
  | { readonly reason: 'upstream_unreachable'; readonly detail: string }
  | { readonly reason: 'upstream_failed'; readonly detail: string }
  | { readonly reason: 'upstream_timeout'; readonly detail: string }
  /** Left alone for a while because it does not answer, or busy with as much as it may have. */
  | { readonly reason: 'upstream_unavailable'; readonly retryAfterSeconds: number }
  /** The client stopped sending in the middle of its body. */
  | { readonly reason: 'request_stalled' }
  | {
      readonly reason: 'service_unavailable'
      readonly retryAfterSeconds: number
      /** What is missing, for the log. */
      readonly detail?: string
      /** True where the caller may know that as well. */
      readonly isTold?: boolean
    }
  | { readonly reason: 'internal_fault' }

/** Every "no" that a face has to spell. */
export type Refusal = Failure | HttpFailure

/** What exactly was wrong, for the log alone; never a secret. */
export function causeOf(refusal: Refusal): string | undefined {
  if (refusal.reason === 'access_token_invalid') return refusal.cause
  if (refusal.reason === 'captcha_failed') return refusal.cause
  if (refusal.reason === 'permission_missing') return refusal.needed
  if (refusal.reason === 'token_revoked') return refusal.kind
  if (refusal.reason === 'refresh_token_reused') return `session ${refusal.sessionId}`
  if (refusal.reason === 'presented_token_invalid') return `${refusal.parameter}: ${refusal.cause}`
  if (refusal.reason === 'path_refused') return refusal.problem
  if ('detail' in refusal) return refusal.detail
  return undefined
}

import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { challenge } from '../../http/challenge.ts'
import type { Refusal } from '../../http/refusal.ts'

export type Reason = Refusal['reason']
type Of<R extends Reason> = Extract<Refusal, { reason: R }>

/** The registered codes of RFC 6749 §5.2, §4.1.2.1, RFC 6750 §3.1 and RFC 8707 §2, and one for paths that are none. */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable'
  | 'server_error'
  | 'not_found'

/** How one refusal looks on the wire. The description is printable ASCII without quotes and backslashes. */
export interface Spelling<R extends Reason> {
  readonly status: ContentfulStatusCode
  readonly error: ErrorCode
  readonly description: string | ((refusal: Of<R>) => string)
  readonly headers?: (refusal: Of<R>) => Readonly<Record<string, string>>
}

export type Spellings<R extends Reason> = { readonly [K in R]: Spelling<K> }

/** A client that did not show itself, or not well (RFC 6749 §5.2). */
export function clientUnknown(description: string) {
  const headers = () => ({ 'WWW-Authenticate': 'Basic realm="guichet", charset="UTF-8"' })
  return { status: 401, error: 'invalid_client', description, headers } as const
}

/** An access token in the header that was looked at and found wanting (RFC 6750 §3.1). */
export function bearerRefused(description: string) {
  const headers = () => ({ 'WWW-Authenticate': challenge('invalid_token') })
  return { status: 401, error: 'invalid_token', description, headers } as const
}

/** What only the native face and its management of keys, clients and sessions can run into. */
export function notHere(status: 400 | 404 | 409 = 400) {
  return { status, error: 'invalid_request', description: 'The request is not valid.' } as const
}
